//! A server on this machine that records what it is sent.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A request as it arrived.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The request line and the headers.
    pub head: String,
    pub body: Vec<u8>,
}

impl Request {
    pub fn line(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }

    /// The value of a header, whose name is lowercase.
    pub fn header(&self, name: &str) -> Option<&str> {
        let is_named = |line: &&str| line.split(':').next().is_some_and(|one| one.eq_ignore_ascii_case(name));
        self.head.lines().skip(1).find(is_named)?.split_once(": ").map(|(_, value)| value)
    }
}

pub struct Server {
    pub address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Answers each connection with what `answer` returns, and closes it.
    pub fn new(answer: impl Fn(&Request) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::talking(move |request, stream| {
            let _ = stream.write_all(&answer(request));
        })
    }

    /// Passes each request and its connection to `talk`.
    pub fn talking(talk: impl Fn(&Request, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (recorded, talk) = (requests.clone(), Arc::new(talk));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (recorded, talk) = (recorded.clone(), talk.clone());
                thread::spawn(move || {
                    let mut stream = stream.expect("a connection");
                    let request = read(&mut stream);
                    recorded.lock().expect("no panic").push(request.clone());
                    talk(&request, &mut stream);
                });
            }
        });
        Self { address, requests }
    }

    /// Answers every request alike.
    pub fn always(status: u16, headers: &str, body: &str) -> Self {
        let answer = response(status, headers, body);
        Self::new(move |_| answer.clone())
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().expect("no panic").clone()
    }
}

/// A whole answer. `headers` ends each of its lines with CRLF.
pub fn response(status: u16, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{headers}\r\n{body}")
        .into_bytes()
}

fn read(stream: &mut TcpStream) -> Request {
    let (mut bytes, mut part) = (Vec::new(), [0; 4096]);
    let head_end = loop {
        match stream.read(&mut part) {
            Ok(0) | Err(_) => return Request { head: String::from_utf8_lossy(&bytes).into_owned(), body: Vec::new() },
            Ok(len) => bytes.extend(&part[..len]),
        }
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
    };
    let mut request = Request { head: String::from_utf8_lossy(&bytes[..head_end]).into_owned(), body: Vec::new() };
    let length = request.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut body = bytes[head_end + 4..].to_vec();
    while body.len() < length {
        match stream.read(&mut part) {
            Ok(0) | Err(_) => break,
            Ok(len) => body.extend(&part[..len]),
        }
    }
    request.body = body;
    request
}
