use std::process::ExitCode;

/// How `opsctl` ends. The numbers are a contract with scripts: none is reused, and none changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// Done; or there was nothing to change.
    Done = 0,
    /// An error. Nothing was changed.
    Error = 1,
    /// With `--detailed-exitcode`: there are differences.
    Differs = 2,
    /// A guard, the preflight, an owner or the operator said no. Nothing was changed.
    Refused = 3,
    /// Live is not what the plan was made from. Nothing was changed.
    Stale = 4,
    /// Somebody else holds the lock. Nothing was changed.
    Locked = 5,
    /// It failed, and was rolled back.
    RolledBack = 6,
    /// It failed, was interrupted, or an after-check does not hold. Changes were left in place.
    Failed = 7,
    /// An unfinished operation is in the way. Nothing was changed.
    Unfinished = 8,
    /// A before-check or `opsctl check` failed. Nothing was changed.
    CheckFailed = 9,
    /// Done, with steps owed or settings left alone.
    InPart = 10,
    /// The command line is not understood. Nothing was changed.
    Usage = 64,
}

impl Exit {
    /// All of them, by number.
    pub const ALL: [Self; 12] = [
        Self::Done,
        Self::Error,
        Self::Differs,
        Self::Refused,
        Self::Stale,
        Self::Locked,
        Self::RolledBack,
        Self::Failed,
        Self::Unfinished,
        Self::CheckFailed,
        Self::InPart,
        Self::Usage,
    ];

    /// The number that a shell sees.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// A word for scripts, as in `--json`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Error => "error",
            Self::Differs => "differs",
            Self::Refused => "refused",
            Self::Stale => "stale",
            Self::Locked => "locked",
            Self::RolledBack => "rolled_back",
            Self::Failed => "failed",
            Self::Unfinished => "unfinished",
            Self::CheckFailed => "check_failed",
            Self::InPart => "in_part",
            Self::Usage => "usage",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_each_code_has_its_row_in_the_documentation() {
        let page = include_str!("../../docs/exit-codes.md");
        for exit in Exit::ALL {
            let row = format!("| {} | `{}` |", exit.code(), exit.word());
            assert!(page.contains(&row), "docs/exit-codes.md has no row {row}");
        }
    }
}
