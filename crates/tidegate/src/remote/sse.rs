//! A stream of server-sent events, taken apart as it comes.

/// The longest event: a message has at most 1 MiB, and is quoted.
const LONGEST: usize = 8 * 1024 * 1024;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Event {
    /// From where a later stream goes on.
    pub(super) id: String,
    /// What it is; empty for a message without a name.
    pub(super) name: String,
    /// What it says.
    pub(super) data: String,
}

/// What came and is not whole yet.
#[derive(Debug, Default)]
pub(super) struct Events {
    line: Vec<u8>,
    event: Event,
    has_data: bool,
}

/// An event is longer than any of ours.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

impl Events {
    /// Takes the next bytes, and gives the events that are whole by now.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<Vec<Event>, TooLong> {
        let mut whole = Vec::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(piece);
            if self.line.len() + self.event.data.len() > LONGEST {
                return Err(TooLong);
            }
            if self.line.ends_with(b"\n") {
                let line = std::mem::take(&mut self.line);
                let line = String::from_utf8_lossy(&line);
                whole.extend(self.take(line.trim_end_matches(['\r', '\n'])));
            }
        }
        Ok(whole)
    }

    fn take(&mut self, line: &str) -> Option<Event> {
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            return std::mem::take(&mut self.has_data).then_some(event);
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => value.clone_into(&mut self.event.id),
            "event" => value.clone_into(&mut self.event.name),
            "data" => {
                if self.has_data {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
                self.has_data = true;
            }
            // a remark, or what we do not know
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: &str, name: &str, data: &str) -> Event {
        Event { id: id.to_owned(), name: name.to_owned(), data: data.to_owned() }
    }

    #[test]
    fn events_come_whole_however_the_bytes_are_cut() {
        let text = "id: 7\nevent: a.b\ndata: {\"x\":1}\n\n:\n\n: alive\n\nevent:reset\r\ndata:{}\r\n\r\ndata: 1\ndata: é\n\nid: 9\n";
        let expected = [event("7", "a.b", "{\"x\":1}"), event("", "reset", "{}"), event("", "", "1\né")];
        for size in 1..text.len() {
            let mut events = Events::default();
            let pieces = text.as_bytes().chunks(size).map(|piece| events.push(piece).unwrap());
            let found: Vec<Event> = pieces.collect::<Vec<_>>().concat();
            assert_eq!(found, expected, "in pieces of {size}");
        }
    }

    #[test]
    fn what_never_ends_is_given_up() {
        let mut events = Events::default();
        let piece = vec![b'x'; 1024 * 1024];
        assert!((0..20).any(|_| events.push(&piece) == Err(TooLong)));
        let mut events = Events::default();
        assert!((0..20).any(|_| events.push(&[b"data: ", &piece[..], b"\n"].concat()) == Err(TooLong)));
    }
}
