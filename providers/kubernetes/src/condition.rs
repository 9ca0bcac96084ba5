use serde::Deserialize;

/// One of the conditions in an object's status.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Condition {
    #[serde(rename = "type")]
    pub(crate) name: String,
    pub(crate) status: String,
    pub(crate) reason: String,
    pub(crate) message: String,
}

impl Condition {
    /// Whether its status is `True`, `False` or `Unknown`.
    pub(crate) fn is(&self, status: &str) -> bool {
        self.status == status
    }

    /// Reason and message.
    pub(crate) fn said(&self) -> String {
        match (self.reason.as_str(), self.message.as_str()) {
            (reason, "") => reason.to_owned(),
            ("", message) => message.to_owned(),
            (reason, message) => format!("{reason}: {message}"),
        }
    }
}

/// The condition of this name.
pub(crate) fn find<'a>(conditions: &'a [Condition], name: &str) -> Option<&'a Condition> {
    conditions.iter().find(|condition| condition.name == name)
}
