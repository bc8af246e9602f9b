//! A fake provincial platform: it speaks the protocol over a socket of its own, checks every signature and nonce, keeps what it takes
//! without looking for repeats, and behaves badly on request.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

use anxin::wire::openapi::cipher::AppSecret;
use anxin::wire::openapi::form::Parameters;
use anxin::wire::openapi::json;
use anxin::wire::openapi::methods::Method;
use anxin::wire::openapi::reading::missing;
use anxin::wire::openapi::sign;
use anxin::wire::openapi::writing::keys;
use serde_json::{Map, Value, json};

const OOPS: &str = "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
pub const SECRET: &str = "AnxinDemoSecret0AnxinDemoSecret1";
pub const APP_ID: &str = "119999202603020001";
pub const PROJECT_CODE: &str = "119999202603020042";

/// What happens to the next Add.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// Taken, and the line breaks before the answer.
    TakeAndBreak,
    /// The line breaks before anything is taken.
    Break,
    /// Taken, and HTTP 500.
    TakeAndFail,
    /// Not taken, and HTTP 500.
    Fail,
    /// Answered with this code, not taken.
    Code(&'static str, &'static str),
    /// The answer comes twice.
    Twice,
    /// The result is there after so many looks.
    Slow(u32),
}

/// What it holds.
#[derive(Default)]
pub struct State {
    /// Waits for the Adds to come.
    pub script: VecDeque<Act>,
    /// Rows by method and business key, as sent.
    pub rows: BTreeMap<String, (Method, Map<String, Value>)>,
    /// How often each key was taken.
    pub times: BTreeMap<String, u32>,
    /// Identity numbers that it refuses.
    pub refused: BTreeSet<String>,
    /// Identity numbers whose lists it cannot give.
    pub silent: BTreeSet<String>,
    /// Method and text of each list that was asked for.
    pub asked: Vec<(Method, String)>,
    /// Method and number of items of each Add in the order of arrival.
    pub adds: Vec<(String, usize)>,
    /// Bodies of `data` of each Add with the nonce.
    pub sent: Vec<(String, String)>,
    /// Person, day and type of each entry and exit, in the order in which they were taken.
    pub entries: Vec<(String, String, String)>,
    /// Whether everything is answered with HTTP 500.
    pub is_down: bool,
    /// Whether every Add is, while questions are answered.
    pub is_deaf: bool,
    /// Whether every Add is answered with 9999.
    pub is_busy: bool,
    /// Requests of any kind.
    pub requests: usize,
    results: BTreeMap<String, (u32, String, String)>,
    nonces: BTreeSet<String>,
    number: i64,
}

/// The platform while it runs.
pub struct Province {
    pub address: String,
    state: Arc<Mutex<State>>,
}

impl Province {
    pub fn open() -> Province {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/open.api", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State { number: 1_500_000_000, ..State::default() }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let Some(body) = read(&mut stream) else { continue };
                let answer = shared.lock().unwrap().serve(&body);
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Province { address, state }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub fn act(&self, acts: &[Act]) {
        self.state().script.extend(acts.iter().cloned());
    }
}

fn read(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut part = [0; 65_536];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse::<usize>().ok())?;
            if bytes.len() >= head.len() + 4 + length {
                return Some(bytes[head.len() + 4..].to_vec());
            }
        }
        match stream.read(&mut part) {
            Ok(count) if count > 0 => bytes.extend_from_slice(&part[..count]),
            _ => return None,
        }
    }
}

fn http(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

fn said(code: &str, message: &str, data: Value) -> String {
    http(&json!({"code": code, "message": message, "data": data}).to_string())
}

pub fn secret() -> AppSecret {
    AppSecret::parse(SECRET).unwrap()
}

fn word(object: &Map<String, Value>, key: &str) -> String {
    match object.get(key) {
        Some(Value::String(text)) => secret().decrypt(text).unwrap_or_else(|| text.clone()),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

impl State {
    fn serve(&mut self, body: &[u8]) -> String {
        self.requests += 1;
        if self.is_down {
            return OOPS.to_owned();
        }
        let parameters = Parameters::parse(body).expect("a form");
        assert_eq!(parameters.get("appid"), Some(APP_ID));
        assert!(sign::holds(&parameters, &secret()), "the signature is right");
        let nonce = parameters.get("nonce").unwrap().to_owned();
        assert!(self.nonces.insert(nonce.clone()), "a nonce came twice");
        let method = Method::find(parameters.get("method").unwrap()).expect("a method");
        let text = parameters.get("data").unwrap_or("{}");
        let data: Value = serde_json::from_str(text).unwrap();
        let data = data.as_object().unwrap();
        assert!(missing(&json::parse(text).unwrap(), method.shape()).is_empty(), "{method}: {text}");
        match method {
            Method::CheckSignQuery => said("0", "", json!({})),
            Method::AsyncHandleResultQuery => self.result(&word(data, "requestSerialCode")),
            query if query.is_query() => {
                self.asked.push((query, text.to_owned()));
                if self.silent.contains(&word(data, "idCardNumber")) {
                    return said("9999", "系统繁忙", json!({}));
                }
                self.list(query, data)
            }
            add => {
                self.sent.push((text.to_owned(), nonce));
                self.add(add, data)
            }
        }
    }

    fn result(&mut self, serial: &str) -> String {
        let Some((looks, status, result)) = self.results.get_mut(serial) else {
            return said("-1", "[requestSerialCode]不存在!", json!({}));
        };
        if *looks > 0 {
            *looks -= 1;
            return said("0", "", json!({"requestSerialCode": serial, "status": "0", "result": ""}));
        }
        said("0", "", json!({"requestSerialCode": serial, "status": status, "result": result}))
    }

    fn add(&mut self, method: Method, data: &Map<String, Value>) -> String {
        let list = method.shape().list.as_ref();
        let mut root = data.clone();
        let items: Vec<Map<String, Value>> = match list {
            Some(list) => match root.remove(list.key) {
                Some(Value::Array(items)) => items.into_iter().map(|item| item.as_object().unwrap().clone()).collect(),
                _ => panic!("no list"),
            },
            None => vec![Map::new()],
        };
        assert!(list.is_none_or(|list| items.len() <= list.max), "{method}: too many items");
        self.adds.push((method.as_str().to_owned(), items.len()));
        if self.is_deaf {
            return OOPS.to_owned();
        }
        if self.is_busy {
            return said("9999", "系统繁忙", json!({}));
        }
        let act = self.script.pop_front();
        match &act {
            Some(Act::Break) => return String::new(),
            Some(Act::Fail) => return OOPS.to_owned(),
            Some(Act::Code(code, message)) => return said(code, message, json!({})),
            _ => {}
        }
        let serial = format!("{}-{:04}", method.as_str().to_lowercase().replace('.', "-"), self.adds.len());
        let looks = if let Some(Act::Slow(looks)) = act { looks } else { 0 };
        let fate = self.take(method, &root, &items);
        self.results.insert(serial.clone(), (looks, fate.0, fate.1));
        let answer = said("0", "", json!({"requestSerialCode": serial}));
        match act {
            Some(Act::TakeAndBreak) => String::new(),
            Some(Act::TakeAndFail) => OOPS.to_owned(),
            Some(Act::Twice) => format!("{answer}{answer}"),
            _ => answer,
        }
    }

    /// All items or none.
    fn take(&mut self, method: Method, root: &Map<String, Value>, items: &[Map<String, Value>]) -> (String, String) {
        let name = method.shape().list.as_ref().map(|list| list.key).unwrap_or_default();
        let is_bad = |item: &Map<String, Value>| self.refused.contains(&word(item, "idCardNumber"));
        let faults: Vec<String> = (0..)
            .zip(items)
            .filter(|(_, item)| is_bad(item))
            .map(|(place, _)| format!("[{name}][{place}][headImage]格式不正确!"))
            .collect();
        if !faults.is_empty() {
            return ("10".to_owned(), faults.join(";"));
        }
        let adds = Method::find(&method.as_str().replace("Update", "Add")).unwrap();
        let mut result = json!({});
        for item in items {
            let mut row = root.clone();
            row.extend(item.clone());
            if adds == Method::TeamAdd && method == Method::TeamAdd {
                self.number += 1;
                row.insert("teamSysNo".to_owned(), self.number.into());
                result = json!({"teamSysNo": self.number});
            }
            if adds == Method::ProjectAdd {
                row.insert("projectCode".to_owned(), PROJECT_CODE.into());
                result = json!({"projectCode": PROJECT_CODE});
            } else if adds != Method::CorpUpload {
                assert_eq!(word(&row, "projectCode"), PROJECT_CODE, "{method}");
            }
            self.require_order(adds, &row);
            if method == Method::EntryExitAdd {
                self.entries.push((word(&row, "idCardNumber"), word(&row, "date"), word(&row, "type")));
            }
            let key = keys(adds).iter().map(|key| word(&row, key)).collect::<Vec<_>>().join(" ");
            let key = format!("{adds} {key}");
            if adds == method {
                *self.times.entry(key.clone()).or_default() += 1;
            }
            self.rows.insert(key, (adds, row));
        }
        ("20".to_owned(), result.to_string())
    }

    /// Nothing comes before what it rests on.
    fn require_order(&self, method: Method, row: &Map<String, Value>) {
        let has =
            |of: Method, key: &str| self.rows.values().any(|(known, other)| *known == of && word(other, key) == word(row, key));
        match method {
            Method::CorpUpload | Method::ProjectAdd => {}
            Method::TrainingAdd => {
                for one in row.get("workers").and_then(Value::as_array).into_iter().flatten() {
                    let number = word(one.as_object().unwrap(), "idCardNumber");
                    let mut workers = self.rows.values().filter(|(known, _)| *known == Method::ProjectWorkerAdd);
                    assert!(workers.any(|(_, other)| word(other, "idCardNumber") == number), "a training before its people");
                }
            }
            Method::SubContractorAdd | Method::TeamAdd => {
                assert!(has(Method::CorpUpload, "corpCode"), "{method} before its company")
            }
            Method::ProjectWorkerAdd => assert!(has(Method::TeamAdd, "teamSysNo"), "a worker before the crew"),
            Method::EntryExitAdd => assert!(has(Method::ProjectWorkerAdd, "idCardNumber"), "an entry before the worker"),
            _ => assert!(has(Method::EntryExitAdd, "idCardNumber"), "{method} before the entry"),
        }
    }

    fn list(&self, method: Method, data: &Map<String, Value>) -> String {
        let of = match method {
            Method::CorpQuery => Method::CorpUpload,
            other => Method::find(&other.as_str().replace("Query", "Add")).unwrap(),
        };
        let fits = |row: &Map<String, Value>| {
            ["idCardNumber", "corpCode", "payMonth"]
                .iter()
                .all(|key| !data.contains_key(*key) || word(row, key) == word(data, key))
                && (!data.contains_key("date") || word(row, "date").starts_with(&word(data, "date")))
        };
        let rows: Vec<&Map<String, Value>> =
            self.rows.values().filter(|(known, row)| *known == of && fits(row)).map(|(_, row)| row).collect();
        let number = |key: &str, or: u64| usize::try_from(data.get(key).and_then(Value::as_u64).unwrap_or(or)).unwrap();
        let (index, size) = (number("pageIndex", 0), number("pageSize", 50));
        let page: Vec<_> = rows.iter().skip(index * size).take(size).collect();
        said("0", "", json!({"pageIndex": index, "pageSize": size, "totalCount": rows.len(), "rows": page}))
    }
}
