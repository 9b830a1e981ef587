//! Rewrites here-documents to here-strings.
//!
//! The parser loses here-documents in substitutions if their text has an apostrophe or a parenthesis. Agents write most commit
//! messages in this form: `git commit -m "$(cat <<'EOF' … EOF)"`. So each document becomes `<<<NAME`, and the reader puts the text
//! back. If a name is then anywhere but in a here-string, the `<<` was text, and the script is parsed as it is.

/// A here-document that was taken out of a script.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Document {
    pub text: String,
    /// Whether substitutions in the text run.
    pub expands: bool,
}

/// What the name of a document begins with.
const NAME: &str = "keysweep_heredoc_";

/// The number of the document that the word names.
pub(super) fn number(word: &str) -> Option<usize> {
    word.strip_prefix(NAME)?.parse().ok()
}

/// The script with its here-documents taken out. None if there are none, or if the script uses the names itself.
pub(super) fn rewritten(script: &str) -> Option<(String, Vec<Document>)> {
    let has = |text: &str| memchr::memmem::find(script.as_bytes(), text.as_bytes()).is_some();
    if !has("<<") || has(NAME) {
        return None;
    }
    let (mut out, mut documents) = (String::with_capacity(script.len()), Vec::new());
    let mut rest = script;
    while let Some(at) = rest.find("<<") {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        match document(from) {
            Some((document, line, after)) => {
                out.extend(["<<<", NAME, &documents.len().to_string(), " ", line, "\n"]);
                documents.push(document);
                rest = after;
            }
            None => {
                // Several documents of one line follow each other, so all of them stay.
                let len = from.find('\n').unwrap_or(from.len());
                out.push_str(&from[..len]);
                rest = &from[len..];
            }
        }
    }
    out.push_str(rest);
    (!documents.is_empty()).then_some((out, documents))
}

/// The document at `<<`, the rest of that line, and the text behind the document.
fn document(text: &str) -> Option<(Document, &str, &str)> {
    let start = text.strip_prefix("<<")?;
    let (start, has_tabs) = start.strip_prefix('-').map_or((start, false), |rest| (rest, true));
    let start = start.trim_start_matches([' ', '\t']);
    let quote = start.chars().next().filter(|c| matches!(c, '\'' | '"' | '\\'));
    let start = quote.map_or(start, |_| &start[1..]);
    let len = start.bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'!')).count();
    let (end, rest) = start.split_at(len);
    let rest = match quote {
        Some(quote @ ('\'' | '"')) => rest.strip_prefix(quote)?,
        _ => rest,
    };
    let (line, mut after) = rest.split_once('\n')?;
    if end.is_empty() || !is_plain(line) {
        return None;
    }
    let body = after;
    loop {
        let (next, more) = after.split_once('\n').unwrap_or((after, ""));
        let found = if has_tabs { next.trim_start_matches('\t') == end } else { next == end };
        if found {
            let text = body[..body.len() - after.len()].to_owned();
            return Some((Document { text, expands: quote.is_none() }, line, more));
        }
        if more.is_empty() {
            return None;
        }
        after = more;
    }
}

/// Whether the line behind the `<<` ends where the document begins: no quote is open, and no other document follows.
fn is_plain(line: &str) -> bool {
    let count = |letter: char| line.matches(letter).count();
    count('\'') % 2 == 0 && count('"') % 2 == 0 && count('`') % 2 == 0 && !line.contains('\\') && !line.contains("<<")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_become_names() {
        let script = "cat <<'EOF' > a | b\nit's )\nEOF\nls <<-\"E\"\n\tx\n\tE\ncat <<\\F\n$x\nF\nsh <<G\n$x\nG\n";
        let (out, documents) = rewritten(script).expect("documents");
        assert_eq!(
            out,
            "cat <<<keysweep_heredoc_0  > a | b\nls <<<keysweep_heredoc_1 \ncat <<<keysweep_heredoc_2 \nsh <<<keysweep_heredoc_3 \n"
        );
        let texts: Vec<_> = documents.iter().map(|document| (document.text.as_str(), document.expands)).collect();
        assert_eq!(texts, [("it's )\n", false), ("\tx\n", false), ("$x\n", false), ("$x\n", true)]);
        assert_eq!(number("keysweep_heredoc_3"), Some(3));
    }

    #[test]
    fn other_texts_stay() {
        for script in [
            "ls",
            "cat <<< x",
            "cat <<EOF\nx",
            "cat <<EOF 'a\nEOF\n",
            "cat <<A <<B\nA\nB\n",
            "echo $((1<<2))",
            "cat <<EOF",
        ] {
            assert_eq!(rewritten(script), None, "{script}");
        }
    }
}
