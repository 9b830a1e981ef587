//! Compares the scopes of a token with those that it should have. The scopes are Attio's: `RESOURCE:read` and
//! `RESOURCE:read-write`.

/// The scopes of the guide's "full admin", which it advises to avoid.
const FULL_ADMIN: [&str; 7] = [
    "object_configuration:read",
    "record_permission:read-write",
    "list_entry:read-write",
    "note:read-write",
    "task:read-write",
    "user_management:read",
    "webhook:read-write",
];

/// No scope is longer.
const LONGEST: usize = 64;

/// The difference between the scopes of a token and the expected ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    pub missing: Vec<String>,
    pub excess: Vec<String>,
}

/// A scope grants itself, and `read-write` grants `read` as well. Any other scope than the expected ones is in excess, known or
/// not, and so is `read-write` where `read` is expected.
pub fn compare(granted: &[String], expected: &[String]) -> Comparison {
    let missing = expected.iter().filter(|wanted| !granted.iter().any(|one| grants(one, wanted)));
    let excess = granted.iter().filter(|one| !expected.iter().any(|wanted| grants(wanted, one)));
    Comparison { missing: missing.cloned().collect(), excess: excess.cloned().collect() }
}

/// Whether the scopes include all that the guide calls full admin.
pub fn is_full_admin(granted: &[String]) -> bool {
    FULL_ADMIN.iter().all(|wanted| granted.iter().any(|one| grants(one, wanted)))
}

fn grants(scope: &str, wanted: &str) -> bool {
    scope == wanted
        || scope.strip_suffix(":read-write").is_some_and(|front| wanted.strip_suffix(":read") == Some(front))
}

/// The scopes in a list that spaces or commas separate. None if one of them is not the name of a scope.
pub fn parse(list: &str) -> Option<Vec<String>> {
    let scopes: Vec<&str> = list.split([' ', ',', '\n', '\t']).filter(|scope| !scope.is_empty()).collect();
    let are_names = !scopes.is_empty() && scopes.iter().all(|scope| is_name(scope));
    are_names.then(|| scopes.into_iter().map(ToOwned::to_owned).collect())
}

/// Whether a text can be printed as the name of a scope. A server could send anything.
pub fn is_name(scope: &str) -> bool {
    let is_part = |b: u8| b.is_ascii_lowercase() || b == b'_' || b == b'-' || b == b':';
    !scope.is_empty() && scope.len() <= LONGEST && scope.bytes().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(granted: &str, expected: &str) -> (String, String) {
        let list = |text: &str| parse(text).unwrap_or_default();
        let Comparison { missing, excess } = compare(&list(granted), &list(expected));
        (missing.join(" "), excess.join(" "))
    }

    #[test]
    fn what_is_missing_and_what_is_too_much_is_named() {
        for (granted, expected, missing, excess) in [
            ("a:read", "a:read", "", ""),
            ("a:read-write", "a:read", "", "a:read-write"),
            ("a:read", "a:read-write", "a:read-write", ""),
            ("a:read b:read", "a:read,c:read", "c:read", "b:read"),
            ("a:read a:read-write", "a:read-write", "", ""),
            ("", "a:read", "a:read", ""),
            ("new-kind", "a:read", "a:read", "new-kind"),
        ] {
            assert_eq!(compared(granted, expected), (missing.to_owned(), excess.to_owned()), "{granted} / {expected}");
        }
    }

    #[test]
    fn full_admin_is_recognized() {
        let mut scopes: Vec<String> = FULL_ADMIN.map(ToOwned::to_owned).to_vec();
        assert!(is_full_admin(&scopes));
        scopes[0] = "object_configuration:read-write".to_owned();
        assert!(is_full_admin(&scopes));
        scopes.pop();
        assert!(!is_full_admin(&scopes));
    }

    #[test]
    fn only_names_are_scopes() {
        assert_eq!(parse("a:read, b_c:read-write").map(|scopes| scopes.len()), Some(2));
        for list in ["", " ,", "a:read A", "a\u{1b}", "scope1", &"a".repeat(65)] {
            assert_eq!(parse(list), None, "{list}");
        }
    }
}
