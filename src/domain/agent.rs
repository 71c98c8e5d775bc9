//! Placeholder until the classifier lands.
/// Who.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agent {
    /// A.
    Person,
    /// B.
    Preview,
    /// C.
    Robot,
}
impl Agent {
    /// Who.
    #[must_use]
    pub fn classify(user_agent: &str) -> Self {
        if user_agent.starts_with("WhatsApp/") {
            Self::Preview
        } else if user_agent.starts_with("curl") {
            Self::Robot
        } else {
            Self::Person
        }
    }
}
