//! Headless Chromium, driven through a pair of pipes with the `DevTools` protocol (`--remote-debugging-pipe`).

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

use super::token::unbase64;
use super::tools;

/// The time for one answer.
const TIMEOUT: Duration = Duration::from_secs(60);

/// No sandbox, since CI runs as root; little shared memory, since a container has little; and nothing that talks to a network by
/// itself.
const SWITCHES: &[&str] = &[
    "--remote-debugging-pipe",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
];

/// A running browser with one tab. Dropping it ends the browser.
pub struct Browser {
    process: Child,
    requests: File,
    answers: Receiver<Value>,
    session: String,
    sent: u64,
    /// What the page asked for since it was opened.
    pub wanted: Vec<Wanted>,
    folder: PathBuf,
}

/// A request of the page.
pub struct Wanted {
    id: Value,
    pub url: String,
    /// Whether the policy of the page blocked it, so that it was not sent.
    pub is_blocked: bool,
}

impl Browser {
    /// Starts a browser whose files are in `folder`.
    pub fn start(folder: &Path) -> Self {
        let pipe = |name: &str| {
            let path = folder.join(name);
            let made = Command::new("mkfifo").arg(&path).status().expect("start mkfifo");
            assert!(made.success(), "mkfifo {}", path.display());
            // A pipe that is open in both directions never blocks its opener.
            let both = OpenOptions::new().read(true).write(true).open(&path).expect("open the pipe");
            (path, both)
        };
        let ((to, requests), (from, replies)) = (pipe("to-browser"), pipe("from-browser"));
        let script = format!("exec \"$@\" 3<'{}' 4>'{}'", to.display(), from.display());
        let mut command = Command::new("sh");
        command.args(["-c", &script, "sh"]).arg(tools::chromium()).args(SWITCHES);
        command.arg(format!("--user-data-dir={}", folder.join("profile").display()));
        let log = File::create(folder.join("log")).expect("create the log");
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().expect("start a shell");
        let (sender, answers) = channel();
        std::thread::spawn(move || {
            for message in BufReader::new(replies).split(0) {
                let message = serde_json::from_slice(&message.expect("read the pipe")).expect("JSON");
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let folder = folder.to_owned();
        let mut browser =
            Self { process, requests, answers, session: String::new(), sent: 0, wanted: Vec::new(), folder };
        let target = browser.ask("Target.createTarget", &json!({ "url": "about:blank" }))["targetId"].clone();
        let attached = browser.ask("Target.attachToTarget", &json!({ "targetId": target, "flatten": true }));
        attached["sessionId"].as_str().expect("a session").clone_into(&mut browser.session);
        browser.ask("Page.enable", &json!({}));
        browser.ask("Network.enable", &json!({}));
        browser
    }

    /// Opens a file in a window of this width, and waits until it is loaded.
    pub fn open(&mut self, page: &Path, width: u32) {
        let size = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.ask("Emulation.setDeviceMetricsOverride", &size);
        self.wanted.clear();
        self.ask("Page.navigate", &json!({ "url": format!("file://{}", page.display()) }));
        while self.next()["method"] != "Page.loadEventFired" {}
    }

    /// Sets the medium, `screen` or `print`, and the color scheme, `light` or `dark`.
    pub fn set_media(&mut self, medium: &str, scheme: &str) {
        let features = [json!({ "name": "prefers-color-scheme", "value": scheme })];
        self.ask("Emulation.setEmulatedMedia", &json!({ "media": medium, "features": features }));
    }

    /// The value of an expression in the page.
    pub fn value(&mut self, expression: &str) -> Value {
        let answer = self.ask("Runtime.evaluate", &json!({ "expression": expression, "returnByValue": true }));
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {answer:#}");
        answer["result"]["value"].clone()
    }

    /// A picture of the whole page, as PNG.
    pub fn screenshot(&mut self) -> Vec<u8> {
        self.data("Page.captureScreenshot", &json!({ "captureBeyondViewport": true }))
    }

    /// The printed page.
    pub fn pdf(&mut self) -> Vec<u8> {
        self.data("Page.printToPDF", &json!({ "printBackground": true, "preferCSSPageSize": true }))
    }

    fn data(&mut self, method: &str, params: &Value) -> Vec<u8> {
        unbase64(self.ask(method, params)["data"].as_str().expect("base64"))
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.sent += 1;
        let mut request = json!({ "id": self.sent, "method": method, "params": params });
        if !self.session.is_empty() {
            request["sessionId"] = self.session.clone().into();
        }
        self.requests.write_all(format!("{request}\0").as_bytes()).expect("write to the pipe");
        loop {
            let message = self.next();
            if message["id"] == self.sent {
                assert!(message["error"].is_null(), "{method}: {message}");
                return message["result"].clone();
            }
        }
    }

    /// The next message. Records the requests of the page.
    fn next(&mut self) -> Value {
        let message = self.answers.recv_timeout(TIMEOUT).unwrap_or_else(|_| {
            let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            panic!("no answer from the browser in {TIMEOUT:?}: {log}")
        });
        let params = &message["params"];
        if message["method"] == "Network.requestWillBeSent" {
            let url = params["request"]["url"].as_str().unwrap_or_default().to_owned();
            self.wanted.push(Wanted { id: params["requestId"].clone(), url, is_blocked: false });
        }
        if message["method"] == "Network.loadingFailed" && params["blockedReason"] == "csp" {
            let is_this = |wanted: &&mut Wanted| wanted.id == params["requestId"];
            self.wanted.iter_mut().find(is_this).expect("a request").is_blocked = true;
        }
        message
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
