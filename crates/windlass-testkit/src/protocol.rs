//! What a test and the supervisor say to each other: docs/protocol.md.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{Mode, Problem};

/// The version of the protocol that this crate speaks.
pub(crate) const VERSION: u64 = 1;

/// What a test says, after which its resource is to be kept.
pub(crate) const FAILED: &[u8] = b"{\"failed\":true}\n";

/// What a test has been given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Resource {
    pub(crate) service: String,
    pub(crate) mode: String,
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) tcp_url: String,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) database: String,
    pub(crate) env: BTreeMap<String, String>,
    /// The command that looks into it when it has been kept; none if it is not kept.
    pub(crate) kept_by: Option<String>,
}

/// The line that asks for a resource.
pub(crate) fn request(service: &str, mode: Option<Mode>, test: Option<&str>, of_process: bool) -> String {
    let mut request = json!({ "windlass": VERSION, "service": service });
    if of_process {
        request["process"] = true.into();
    }
    if let Some(mode) = mode {
        request["mode"] = mode.name().into();
    }
    if let Some(test) = test {
        request["test"] = test.into();
    }
    format!("{request}\n")
}

/// Reads what the supervisor answers.
pub(crate) fn answer(line: &str) -> Result<Resource, Problem> {
    let broken = |what: &str| Problem::new(format!("the supervisor's answer {what}"));
    let answer: Value = serde_json::from_str(line).map_err(|error| broken(&format!("is no JSON: {error}")))?;
    let version = answer["windlass"].as_u64().ok_or_else(|| broken("has no number `windlass`"))?;
    let error = answer["error"].as_str();
    if version != VERSION {
        let older = if version < VERSION { "windlass" } else { "windlass-testkit" };
        return Err(Problem::new(format!(
            "the supervisor speaks version {version} of the protocol, this windlass-testkit version {VERSION}{}\n\
             help: update {older}",
            error.map(quoted).unwrap_or_default()
        )));
    }
    if let Some(error) = error {
        return Err(Problem::new(format!("the supervisor says:{}", quoted(error))));
    }
    let text = |key: &str| answer[key].as_str().unwrap_or_default().to_owned();
    let url = answer["url"].as_str().ok_or_else(|| broken("has no `url`"))?.to_owned();
    let port = answer["port"].as_u64().unwrap_or_default();
    let env = answer["env"].as_object().into_iter().flatten();
    Ok(Resource {
        service: text("service"),
        mode: text("mode"),
        name: text("name"),
        tcp_url: answer["tcp_url"].as_str().unwrap_or(&url).to_owned(),
        host: text("host"),
        port: port.try_into().map_err(|_| broken(&format!("has the port {port}")))?,
        user: text("user"),
        password: text("password"),
        database: text("database"),
        env: env.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect(),
        kept_by: answer["kept_by"].as_str().map(str::to_owned),
        url,
    })
}

/// What somebody else has said, line by line, for a message.
pub(crate) fn quoted(text: &str) -> String {
    text.trim_end().lines().map(|line| format!("\n  | {line}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{answer, request};
    use crate::Mode;

    #[test]
    fn a_request_says_no_more_than_it_must() {
        assert_eq!(request("postgres", None, None, false), "{\"service\":\"postgres\",\"windlass\":1}\n");
        assert_eq!(
            request("postgres", Some(Mode::Server), Some("shop::orders a_total"), true),
            "{\"mode\":\"server\",\"process\":true,\"service\":\"postgres\",\"test\":\"shop::orders a_total\",\"windlass\":1}\n"
        );
    }

    #[test]
    fn an_answer_is_read_and_what_is_unknown_in_it_ignored() {
        let line = r#"{"windlass":1,"service":"postgres","mode":"clone","name":"w7","url":"postgres://u:p@%2Fd:5/w7",
            "tcp_url":"postgres://u:p@127.0.0.1:5/w7","host":"127.0.0.1","port":5,"user":"u","password":"p",
            "database":"w7","env":{"DATABASE_URL":"postgres://u:p@127.0.0.1:5/w7"},"tomorrow":[1]}"#;
        let it = answer(line).unwrap();
        assert_eq!([&it.service, &it.mode, &it.name, &it.database], ["postgres", "clone", "w7", "w7"]);
        assert_eq!([&it.url, &it.tcp_url], ["postgres://u:p@%2Fd:5/w7", "postgres://u:p@127.0.0.1:5/w7"]);
        assert_eq!((it.host.as_str(), it.port, it.user.as_str(), it.password.as_str()), ("127.0.0.1", 5, "u", "p"));
        assert_eq!(it.env["DATABASE_URL"], it.tcp_url);
        // A service without a socket, a user and a database.
        let it = answer(r#"{"windlass":1,"url":"http://127.0.0.1:5"}"#).unwrap();
        assert_eq!((it.tcp_url.as_str(), it.user.as_str(), it.env.len()), ("http://127.0.0.1:5", "", 0));
    }

    #[test]
    fn what_is_no_resource_says_why() {
        let cases = [
            ("", "the supervisor's answer is no JSON: EOF while parsing a value at line 1 column 0"),
            ("{}", "the supervisor's answer has no number `windlass`"),
            (r#"{"windlass":1}"#, "the supervisor's answer has no `url`"),
            (r#"{"windlass":1,"url":"x","port":65536}"#, "the supervisor's answer has the port 65536"),
            (r#"{"windlass":1,"error":"no `x`\nhelp: y\n"}"#, "the supervisor says:\n  | no `x`\n  | help: y"),
            (
                r#"{"windlass":2,"error":"1 is too old"}"#,
                "the supervisor speaks version 2 of the protocol, this windlass-testkit version 1\n  | 1 is too old\n\
                 help: update windlass-testkit",
            ),
            (
                r#"{"windlass":2,"url":"x"}"#,
                "the supervisor speaks version 2 of the protocol, this windlass-testkit version 1\n\
                 help: update windlass-testkit",
            ),
            (
                r#"{"windlass":0,"url":"x"}"#,
                "the supervisor speaks version 0 of the protocol, this windlass-testkit version 1\n\
                 help: update windlass",
            ),
        ];
        for (line, expected) in cases {
            assert_eq!(answer(line).unwrap_err().text, expected, "{line}");
        }
    }
}
