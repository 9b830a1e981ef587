//! Asks the name servers of `/etc/resolv.conf` for the addresses of a host (RFC 1035).
//!
//! The C library's own lookup loads modules at run time (`/etc/nsswitch.conf`). A static program cannot do that: it crashes or
//! finds nothing where the system's C library is another one. So, like Go's resolver, this one asks name servers by itself.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, PacketFlag, QTYPE, Question, RCODE, TYPE};

const PORT: u16 = 53;

/// The C library asks at most this many servers.
const MOST_SERVERS: usize = 3;

/// The largest answer over UDP without an extension.
const UDP_SIZE: usize = 512;

/// What `/etc/resolv.conf` says: see resolv.conf(5).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NameServers {
    servers: Vec<SocketAddr>,
    /// Domains that are appended to a name without a dot.
    search: Vec<String>,
    /// The time limit of one question.
    timeout: Duration,
    /// How often each server is asked.
    attempts: u32,
}

impl NameServers {
    /// Unknown and invalid lines have no effect, as in the C library.
    pub fn parse(text: &str) -> Self {
        let mut config = Self { servers: Vec::new(), search: Vec::new(), timeout: Duration::from_secs(5), attempts: 2 };
        for line in text.lines() {
            let mut words = line.split_whitespace();
            match words.next() {
                Some("nameserver") => config.servers.extend(words.next().and_then(server)),
                Some("search" | "domain") => config.search = words.map(ToOwned::to_owned).collect(),
                Some("options") => words.for_each(|word| config.set(word)),
                _ => {}
            }
        }
        config.servers.truncate(MOST_SERVERS);
        if config.servers.is_empty() {
            config.servers.push((Ipv4Addr::LOCALHOST, PORT).into());
        }
        config
    }

    fn set(&mut self, option: &str) {
        let Some((name, Ok(value))) = option.split_once(':').map(|(name, value)| (name, value.parse::<u32>())) else {
            return;
        };
        match name {
            "timeout" => self.timeout = Duration::from_secs(u64::from(value.clamp(1, 30))),
            "attempts" => self.attempts = value.clamp(1, 5),
            _ => {}
        }
    }

    /// The addresses of `name`. The error is one that a server or the connection to it caused, or that no server knows the name.
    pub fn lookup(&self, name: &str, deadline: Instant) -> io::Result<Vec<IpAddr>> {
        for candidate in self.candidates(name) {
            let found = self.ask_servers(&candidate, deadline)?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Err(io::Error::new(io::ErrorKind::NotFound, "the name servers know no address of it"))
    }

    fn candidates(&self, name: &str) -> Vec<String> {
        let below = |domain: &String| format!("{name}.{}", domain.trim_end_matches('.'));
        let is_short = !name.contains('.');
        let searched = self.search.iter().filter(|_| is_short).map(below);
        searched.chain([name.trim_end_matches('.').to_owned()]).collect()
    }

    /// The answer of the first server that gives one. Empty if the name has no address.
    fn ask_servers(&self, name: &str, deadline: Instant) -> io::Result<Vec<IpAddr>> {
        let mut failed = io::Error::from(io::ErrorKind::TimedOut);
        for server in (0..self.attempts).flat_map(|_| &self.servers) {
            match self.ask_server(*server, name, deadline) {
                Ok(found) => return Ok(found),
                Err(error) => failed = error,
            }
        }
        Err(io::Error::new(failed.kind(), format!("no name server answers: {failed}")))
    }

    fn ask_server(&self, server: SocketAddr, name: &str, deadline: Instant) -> io::Result<Vec<IpAddr>> {
        let mut found = self.ask(server, name, TYPE::A, deadline)?;
        match self.ask(server, name, TYPE::AAAA, deadline) {
            Ok(more) => found.extend(more),
            Err(error) if found.is_empty() => return Err(error),
            // Some servers never answer this question.
            Err(_) => {}
        }
        Ok(found)
    }

    /// Asks one question over UDP, and over TCP if the answer is too long for UDP.
    fn ask(&self, server: SocketAddr, name: &str, kind: TYPE, deadline: Instant) -> io::Result<Vec<IpAddr>> {
        let question = Ask::new(name, kind)?;
        let until = deadline.min(Instant::now() + self.timeout);
        match question.over_udp(server, until)? {
            Reply::Addresses(found) => Ok(found),
            Reply::Truncated => question.over_tcp(server, until),
        }
    }
}

fn server(word: &str) -> Option<SocketAddr> {
    // An address of one link is followed by the name of the link, which only the C library can look up.
    word.parse::<IpAddr>().ok().map(|address| (address, PORT).into())
}

/// A question, as it is sent.
struct Ask<'n> {
    id: u16,
    name: Name<'n>,
    kind: TYPE,
    bytes: Vec<u8>,
}

enum Reply {
    Addresses(Vec<IpAddr>),
    Truncated,
}

impl<'n> Ask<'n> {
    fn new(name: &'n str, kind: TYPE) -> io::Result<Self> {
        let invalid = |_| io::Error::new(io::ErrorKind::InvalidInput, "it is not a name of a host");
        let name = Name::new(name).map_err(invalid)?;
        // An id that others cannot guess, so that they cannot answer in place of the server.
        let random = RandomState::new().hash_one(0_u8).to_be_bytes();
        let id = u16::from_be_bytes([random[0], random[1]]);
        let mut packet = Packet::new_query(id);
        packet.set_flags(PacketFlag::RECURSION_DESIRED);
        packet.questions.push(Question::new(name.clone(), QTYPE::TYPE(kind), CLASS::IN.into(), false));
        let bytes = packet.build_bytes_vec().map_err(invalid)?;
        Ok(Self { id, name, kind, bytes })
    }

    fn over_udp(&self, server: SocketAddr, until: Instant) -> io::Result<Reply> {
        let any: IpAddr = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let socket = UdpSocket::bind((any, 0))?;
        socket.connect(server)?;
        socket.send(&self.bytes)?;
        let mut answer = [0; UDP_SIZE];
        loop {
            socket.set_read_timeout(Some(left(until)?))?;
            let len = socket.recv(&mut answer)?;
            // Other packets may be late answers to earlier questions, or forged.
            if let Some(reply) = self.reply(&answer[..len]) {
                return reply;
            }
        }
    }

    fn over_tcp(&self, server: SocketAddr, until: Instant) -> io::Result<Vec<IpAddr>> {
        let mut stream = TcpStream::connect_timeout(&server, left(until)?)?;
        stream.set_write_timeout(Some(left(until)?))?;
        let len = u16::try_from(self.bytes.len()).expect("a question has fewer than 300 bytes");
        stream.write_all(&[&len.to_be_bytes(), self.bytes.as_slice()].concat())?;
        let mut read = |bytes: &mut [u8]| {
            stream.set_read_timeout(Some(left(until)?))?;
            stream.read_exact(bytes)
        };
        let mut len = [0; 2];
        read(&mut len)?;
        let mut answer = vec![0; usize::from(u16::from_be_bytes(len))];
        read(&mut answer)?;
        match self.reply(&answer) {
            Some(Ok(Reply::Addresses(found))) => Ok(found),
            Some(Err(error)) => Err(error),
            _ => Err(io::Error::new(io::ErrorKind::InvalidData, "its answer is not valid")),
        }
    }

    /// The answer in `bytes`. None if it is not the answer to this question.
    fn reply(&self, bytes: &[u8]) -> Option<io::Result<Reply>> {
        let packet = Packet::parse(bytes).ok()?;
        let asked = packet.questions.first()?;
        let is_answer = packet.id() == self.id
            && packet.has_flags(PacketFlag::RESPONSE)
            && asked.qtype == QTYPE::TYPE(self.kind)
            && asked.qname.to_string().eq_ignore_ascii_case(&self.name.to_string());
        if !is_answer {
            return None;
        }
        Some(match packet.rcode() {
            RCODE::NameError => Ok(Reply::Addresses(Vec::new())),
            RCODE::NoError if packet.has_flags(PacketFlag::TRUNCATION) => Ok(Reply::Truncated),
            RCODE::NoError => {
                Ok(Reply::Addresses(packet.answers.iter().filter_map(|one| address(&one.rdata)).collect()))
            }
            code => Err(io::Error::other(format!("its answer is {code:?}"))),
        })
    }
}

fn address(data: &RData<'_>) -> Option<IpAddr> {
    match data {
        RData::A(v4) => Some(Ipv4Addr::from(v4.address).into()),
        RData::AAAA(v6) => Some(Ipv6Addr::from(v6.address).into()),
        _ => None,
    }
}

/// The time that is left. An error if there is none.
fn left(until: Instant) -> io::Result<Duration> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use simple_dns::ResourceRecord;
    use simple_dns::rdata::{A, AAAA};

    use super::*;

    #[test]
    fn the_file_is_read_as_the_c_library_reads_it() {
        let text = "# x\nnameserver 10.0.0.1\nnameserver fe80::1%eth0\nnameserver 2001:db8::1\nnameserver 10.0.0.2\nnameserver 10.0.0.3\n\
                    search a.example b.example.\noptions ndots:2 timeout:9999 attempts:3 rotate timeout:x\nother\n";
        let config = NameServers::parse(text);
        assert_eq!(
            config.servers,
            ["10.0.0.1:53", "[2001:db8::1]:53", "10.0.0.2:53"].map(|one| one.parse().expect("an address"))
        );
        assert_eq!((config.timeout, config.attempts), (Duration::from_secs(30), 3));
        assert_eq!(config.candidates("api"), ["api.a.example", "api.b.example", "api"]);
        assert_eq!(config.candidates("api.example."), ["api.example"]);
        assert_eq!(NameServers::parse("").servers, ["127.0.0.1:53".parse().expect("an address")]);
    }

    /// A name server that answers each question over UDP with what `answer` makes of it.
    fn name_server(answer: impl Fn(Packet<'_>) -> Vec<Vec<u8>> + Send + 'static) -> SocketAddr {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        let address = socket.local_addr().expect("an address");
        thread::spawn(move || {
            let mut question = [0; UDP_SIZE];
            while let Ok((len, from)) = socket.recv_from(&mut question) {
                for packet in answer(Packet::parse(&question[..len]).expect("a question")) {
                    let _ = socket.send_to(&packet, from);
                }
            }
        });
        address
    }

    /// An answer with one address, to a question of either kind.
    fn answered(question: &Packet<'_>, id: u16, address: u8) -> Vec<u8> {
        let asked = question.questions[0].clone();
        let data = match asked.qtype {
            QTYPE::TYPE(TYPE::AAAA) => RData::AAAA(AAAA { address: u128::from(address) }),
            _ => RData::A(A { address: u32::from(address) }),
        };
        let mut packet = Packet::new_reply(id);
        packet.answers.push(ResourceRecord::new(asked.qname.clone(), CLASS::IN, 60, data));
        packet.questions.push(asked);
        packet.build_bytes_vec().expect("an answer")
    }

    fn failed(question: &Packet<'_>, code: RCODE) -> Vec<u8> {
        let mut packet = Packet::new_reply(question.id());
        packet.questions.push(question.questions[0].clone());
        *packet.rcode_mut() = code;
        packet.build_bytes_vec().expect("an answer")
    }

    fn lookup(servers: Vec<SocketAddr>) -> io::Result<String> {
        let config = NameServers { servers, search: Vec::new(), timeout: Duration::from_millis(300), attempts: 1 };
        let found = config.lookup("api.example.org", Instant::now() + Duration::from_secs(5))?;
        Ok(found.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn addresses_of_both_kinds_are_found() {
        let server = name_server(|question| vec![answered(&question, question.id(), 9)]);
        assert_eq!(lookup(vec![server]).expect("an answer"), "0.0.0.9 ::9");
    }

    /// Somebody who cannot see the question does not know its id.
    #[test]
    fn an_answer_to_another_question_is_ignored() {
        let server = name_server(|question| {
            let other = Packet::parse(&failed(&question, RCODE::NoError)).map(|mut packet| {
                packet.questions[0].qname = Name::new_unchecked("evil.example.org");
                answered(&packet, question.id(), 66)
            });
            let forged = answered(&question, question.id() ^ 1, 66);
            vec![b"x".to_vec(), forged, other.expect("a packet"), answered(&question, question.id(), 9)]
        });
        assert_eq!(lookup(vec![server]).expect("an answer"), "0.0.0.9 ::9");
    }

    #[test]
    fn another_server_is_asked_if_one_fails() {
        let works = name_server(|question| vec![answered(&question, question.id(), 9)]);
        let broken = name_server(|question| vec![failed(&question, RCODE::ServerFailure)]);
        let silent = name_server(|_| Vec::new());
        assert_eq!(lookup(vec![broken, silent, works]).expect("an answer"), "0.0.0.9 ::9");
        assert!(lookup(vec![broken]).expect_err("no answer").to_string().contains("ServerFailure"));
        assert_eq!(
            lookup(vec![silent]).expect_err("no answer").kind(),
            io::ErrorKind::TimedOut.min(io::ErrorKind::WouldBlock)
        );
    }

    #[test]
    fn a_name_that_no_server_knows_has_no_address() {
        let server = name_server(|question| vec![failed(&question, RCODE::NameError)]);
        assert_eq!(lookup(vec![server]).expect_err("no answer").kind(), io::ErrorKind::NotFound);
        for name in ["", "a..b", &"a".repeat(300)] {
            let config = NameServers::parse("nameserver 127.0.0.1\noptions attempts:1");
            assert!(config.lookup(name, Instant::now() + Duration::from_secs(1)).is_err(), "{name}");
        }
    }

    #[test]
    fn a_long_answer_comes_over_tcp() {
        let udp = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        let address = udp.local_addr().expect("an address");
        let tcp = TcpListener::bind(address).expect("the same port for TCP");
        thread::spawn(move || {
            let mut question = [0; UDP_SIZE];
            while let Ok((len, from)) = udp.recv_from(&mut question) {
                let parsed = Packet::parse(&question[..len]).expect("a question");
                let mut short = Packet::new_reply(parsed.id());
                short.set_flags(PacketFlag::TRUNCATION);
                short.questions.push(parsed.questions[0].clone());
                let _ = udp.send_to(&short.build_bytes_vec().expect("an answer"), from);
            }
        });
        thread::spawn(move || {
            for stream in tcp.incoming() {
                let mut stream = stream.expect("a connection");
                let mut len = [0; 2];
                stream.read_exact(&mut len).expect("a length");
                let mut question = vec![0; usize::from(u16::from_be_bytes(len))];
                stream.read_exact(&mut question).expect("a question");
                let parsed = Packet::parse(&question).expect("a question");
                let answer = answered(&parsed, parsed.id(), 7);
                let len = u16::try_from(answer.len()).expect("short").to_be_bytes();
                stream.write_all(&[&len, answer.as_slice()].concat()).expect("sent");
            }
        });
        assert_eq!(lookup(vec![address]).expect("an answer"), "0.0.0.7 ::7");
    }
}
