//! Another system's server, which is told things by HTTP.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

/// One request that came.
#[derive(Debug, Clone)]
pub struct Received {
    /// `POST /path`.
    pub line: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(header, _)| header == name);
        &found.unwrap_or_else(|| panic!("no {name} in {:?}", self.headers)).1
    }
}

/// How it answers from now on.
#[derive(Debug, Clone)]
pub enum Behaviour {
    /// With this status.
    Status(u16),
    /// Somewhere else.
    Redirect(String),
    /// Not at all, for so long.
    Silence(Duration),
    /// With more than anybody wants to read, slowly.
    Flood,
}

#[derive(Debug)]
struct State {
    behaviour: Behaviour,
    received: Vec<Received>,
}

/// A server at a loopback address that remembers what it is sent.
#[derive(Debug, Clone)]
pub struct Receiver {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Receiver {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = State { behaviour: Behaviour::Status(204), received: Vec::new() };
        let receiver = Self { address, state: Arc::new(Mutex::new(state)) };
        let own = receiver.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let own = own.clone();
                thread::spawn(move || own.answer(stream));
            }
        });
        receiver
    }

    /// Where it is.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn behave(&self, behaviour: Behaviour) {
        self.state.lock().unwrap().behaviour = behaviour;
    }

    /// What has come, the oldest first.
    pub fn received(&self) -> Vec<Received> {
        self.state.lock().unwrap().received.clone()
    }

    /// The only request that has come.
    pub fn one(&self) -> Received {
        let all = self.received();
        assert_eq!(all.len(), 1, "{all:?}");
        all[0].clone()
    }

    fn answer(&self, stream: TcpStream) -> Option<()> {
        let request = read(&stream)?;
        let behaviour = {
            let mut state = self.state.lock().unwrap();
            state.received.push(request);
            state.behaviour.clone()
        };
        let mut stream = stream;
        match behaviour {
            Behaviour::Status(status) => write!(
                stream,
                "HTTP/1.1 {status} Status\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            ),
            Behaviour::Redirect(to) => write!(
                stream,
                "HTTP/1.1 307 Elsewhere\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            ),
            Behaviour::Silence(time) => {
                thread::sleep(time);
                Ok(())
            }
            Behaviour::Flood => {
                write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n").ok()?;
                while stream.write_all(&[b'x'; 1024]).is_ok() {
                    thread::sleep(Duration::from_millis(20));
                }
                Ok(())
            }
        }
        .ok()
    }
}

fn read(stream: &TcpStream) -> Option<Received> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let line = line.trim_end().strip_suffix(" HTTP/1.1")?.to_owned();
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let mut body = vec![0; length.map_or(0, |(_, length)| length.parse().unwrap())];
    reader.read_exact(&mut body).ok()?;
    Some(Received { line, headers, body: String::from_utf8(body).ok()? })
}
