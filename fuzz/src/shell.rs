//! The judge of an agent's shell commands: any text is judged without a panic, and no text hides a command that is refused.

use keysweep::agent::fuzz::refuses;

pub fn check(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    assert!(refuses(&format!("git commit -n\n{text}")), "the text hides the command in front of it");
    // A text that begins with a sign would be an option of the shell.
    if refuses(&text) && !text.starts_with(['-', '+']) {
        assert!(
            refuses(&format!("sh -c '{}'", text.replace('\'', r"'\''"))),
            "`sh -c` hides a command that is refused"
        );
    }
}
