//! The file of host names, `/etc/hosts`.

use std::net::IpAddr;

/// The addresses that `text` has for a name, in any case. See hosts(5).
pub(super) fn addresses(text: &str, name: &str) -> Vec<IpAddr> {
    let of_line = |line: &str| {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let address: IpAddr = words.next()?.parse().ok()?;
        words.any(|word| word.eq_ignore_ascii_case(name)).then_some(address)
    };
    text.lines().filter_map(of_line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_aliases_have_addresses() {
        let text = "127.0.0.1\tlocalhost # not example.org\n#10.0.0.1 example.org\n10.0.0.2 a Example.org\n::2 example.org\nx example.org\n";
        let found = |name| addresses(text, name).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        assert_eq!(found("localhost"), "127.0.0.1");
        assert_eq!(found("example.ORG"), "10.0.0.2 ::2");
        assert_eq!(found("example"), "");
    }
}
