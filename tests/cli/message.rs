//! `keysweep message` outside of a hook.

use crate::support::Repo;
use crate::support::token::Maker;

#[test]
fn a_message_on_standard_input() {
    let token = Maker::new(8620).sk_live(24);
    for repo in [Repo::new(), Repo::none()] {
        let message = |text: String| repo.keysweep_call(&["message", "-", "--format", "jsonl"]).stdin(text).run();
        // Git removes comments from a message that it opened in an editor. It does not remove anything from this text.
        let finding = message(format!("Fix it\n\n# {token}\n")).expect_code(1).only_finding();
        assert_eq!((&finding["path"], &finding["line"]), (&"-".into(), &3.into()), "{finding}");
        assert_eq!(finding["fingerprint"], token.fingerprint().as_str());
        message("Fix it\n".to_owned()).expect_code(0);
    }
}

/// Git passes a file to the hook, whatever its name is.
#[test]
fn a_hook_reads_the_file_that_is_named_like_standard_input() {
    let token = Maker::new(8621).sk_live(24);
    let repo = Repo::new();
    repo.write("-", format!("{token}\n"));
    repo.keysweep_call(&["hook", "commit-msg", "-"]).stdin("innocent\n").run().expect_code(1);
}
