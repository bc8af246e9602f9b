//! Orders to a ZKTeco clock, as lines `C:<id>:<command>` of a heartbeat's answer.
//!
//! Only the orders below can be written: there is no free text, so no way to a `SHELL` order. `USER ADD`, `USER DEL` and
//! `DATA DEL` are absent because real firmware refuses them (−1002).

use encoding_rs::GBK;

use super::{ANSWER_OK, one_line};

/// Most orders in one answer.
pub const COMMANDS_MAX: usize = 200;
/// Most bytes in one answer.
pub const ANSWER_BYTES_MAX: usize = 40 * 1024;
/// Most bytes in one answer over GPRS.
pub const ANSWER_BYTES_MAX_GPRS: usize = 10 * 1024;

/// In which encoding a clock keeps names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NameEncoding {
    /// The default.
    #[default]
    Utf8,
    /// Older firmware (unconfirmed), as a device setting.
    Gbk,
}

/// An order that this service may give to a clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Adds or changes a user; never with more than a user's rights.
    UpdateUser {
        /// The person's number on the clock.
        pin: String,
        /// Name shown on the clock.
        name: String,
        /// Card number, where there is one.
        card: Option<String>,
    },
    /// Makes an existing user an administrator of the clock; only by order of a person with permission.
    MakeAdministrator {
        /// The person's number on the clock.
        pin: String,
        /// Name shown on the clock.
        name: String,
    },
    /// Removes a user.
    DeleteUser {
        /// The person's number on the clock.
        pin: String,
    },
    /// Uploads all users.
    QueryUsers,
    /// Uploads what is new.
    Check,
    /// Tells the clock's state.
    Info,
    /// Uploads punches and operations.
    Log,
    /// Empties the clock's log; only after all punches are stored, by a person with permission.
    ClearLog,
}

impl Command {
    /// The order without its number.
    fn text(&self) -> String {
        match self {
            Command::UpdateUser { pin, name, card } => {
                let card = card.as_deref().map(|card| format!("\tCard={}", one_line(card))).unwrap_or_default();
                format!("DATA UPDATE USERINFO PIN={}\tName={}\tPrivilege=0{card}", one_line(pin), one_line(name))
            }
            Command::MakeAdministrator { pin, name } => {
                format!("DATA UPDATE USERINFO PIN={}\tName={}\tPrivilege=14", one_line(pin), one_line(name))
            }
            Command::DeleteUser { pin } => format!("DATA DELETE USERINFO PIN={}", one_line(pin)),
            Command::QueryUsers => "DATA QUERY USERINFO".to_owned(),
            Command::Check => "CHECK".to_owned(),
            Command::Info => "INFO".to_owned(),
            Command::Log => "LOG".to_owned(),
            Command::ClearLog => "CLEAR LOG".to_owned(),
        }
    }
}

/// Writes as many of the numbered orders as fit, from the first on, and says how many. No orders give `OK`, since an
/// empty body confuses the clock.
pub fn write(orders: &[(u64, Command)], encoding: NameEncoding, bytes_max: usize) -> (Vec<u8>, usize) {
    let limit = bytes_max.min(ANSWER_BYTES_MAX);
    let (mut body, mut taken) = (Vec::new(), 0);
    for (id, command) in orders.iter().take(COMMANDS_MAX) {
        let line = format!("C:{id}:{}\n", command.text());
        let line = match encoding {
            NameEncoding::Utf8 => line.into_bytes(),
            // A character that GBK lacks becomes a question mark; encoding_rs would write an HTML entity.
            NameEncoding::Gbk => {
                let known: String =
                    line.chars().map(|c| if GBK.encode(c.encode_utf8(&mut [0; 4])).2 { '?' } else { c }).collect();
                GBK.encode(&known).0.into_owned()
            }
        };
        if body.len().saturating_add(line.len()) > limit {
            break;
        }
        body.extend_from_slice(&line);
        taken += 1;
    }
    if body.is_empty() { (ANSWER_OK.as_bytes().to_vec(), 0) } else { (body, taken) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn update(pin: &str, name: &str) -> Command {
        Command::UpdateUser { pin: pin.to_owned(), name: name.to_owned(), card: Some("0012345678".to_owned()) }
    }

    #[test]
    fn orders_are_lines_with_tabs_between_fields() {
        let orders = [(7, update("1001", "测试甲")), (8, Command::DeleteUser { pin: "1002".to_owned() }), (9, Command::Check)];
        let (body, taken) = write(&orders, NameEncoding::Utf8, ANSWER_BYTES_MAX);
        let text = "C:7:DATA UPDATE USERINFO PIN=1001\tName=测试甲\tPrivilege=0\tCard=0012345678\nC:8:DATA DELETE USERINFO PIN=1002\nC:9:CHECK\n";
        assert_eq!((String::from_utf8(body).unwrap().as_str(), taken), (text, 3));
        let (gbk, _) = write(&orders, NameEncoding::Gbk, ANSWER_BYTES_MAX);
        assert_eq!(GBK.decode(&gbk).0, text);
        assert_eq!(write(&[], NameEncoding::Utf8, ANSWER_BYTES_MAX), (b"OK".to_vec(), 0));
        let (odd, _) = write(&[(1, update("1", "甲😀"))], NameEncoding::Gbk, ANSWER_BYTES_MAX);
        assert!(GBK.decode(&odd).0.contains("Name=甲?\t"));
    }

    #[test]
    fn an_answer_holds_at_most_200_orders_and_its_bytes() {
        let many: Vec<_> = (0..500).map(|id| (id, Command::Log)).collect();
        assert_eq!(write(&many, NameEncoding::Utf8, ANSWER_BYTES_MAX).1, COMMANDS_MAX);
        let long: Vec<_> = (0..200).map(|id| (id, update("1001", &"名".repeat(100)))).collect();
        let (body, taken) = write(&long, NameEncoding::Utf8, ANSWER_BYTES_MAX_GPRS);
        assert!(body.len() <= ANSWER_BYTES_MAX_GPRS && taken > 10 && taken < 200, "{taken}");
        assert!(write(&long, NameEncoding::Utf8, usize::MAX).0.len() <= ANSWER_BYTES_MAX);
    }

    proptest! {
        #[test]
        fn no_value_makes_a_second_order(pin in any::<String>(), name in any::<String>()) {
            let sly = format!("{name}\r\nC:1:SHELL reboot");
            let orders = [(1, update(&pin, &sly)), (2, Command::DeleteUser { pin: format!("{pin}\nC:3:SHELL x") })];
            let (body, taken) = write(&orders, NameEncoding::Utf8, ANSWER_BYTES_MAX);
            let text = String::from_utf8(body).unwrap();
            prop_assert_eq!(text.split_terminator('\n').count(), taken);
            prop_assert!(text.split_terminator('\n').all(|line| line.contains(":DATA ")));
            prop_assert!(!text.contains('\r'));
        }
    }
}
