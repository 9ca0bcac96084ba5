use std::collections::BTreeMap;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use opsctl_api::{Value, format_duration};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::clause;
use super::sample::meets;
use super::{Along, Untold, Verdict};
use crate::state::Goal;

/// How much of each output is kept: 1 MiB. What is beyond is read and dropped, so that the command can end.
const MOST: usize = 1 << 20;

/// How long after its end a command's output is waited for; what it left running in the background may hold that open for good.
const GRACE: Duration = Duration::from_millis(200);

/// A command, and what its end must be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// Variables of its environment, beside those of opsctl's own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: Along,
    /// The exit status that it must have.
    pub exit: i32,
    /// What its standard output must contain.
    pub output: Option<String>,
    /// How many lines with something in them its output must have.
    pub lines: Option<Goal>,
    /// What its whole output must be, as a number.
    pub number: Option<Goal>,
}

/// How a program came to its end.
pub(crate) enum Ran {
    /// It could not be started. Why.
    NotStarted(String),
    /// It did not end in time: it was killed, and all that it started with it.
    TimedOut,
    /// Its end cannot be told. Why.
    Lost(String),
    /// It ended.
    Ended { status: ExitStatus, out: Vec<u8>, err: Vec<u8> },
}

/// Runs a program and holds its end against what it must be.
pub(super) async fn run(run: &Run, limit: Duration) -> Verdict {
    match run_program(&run.argv, &run.env, limit).await {
        Ran::NotStarted(why) | Ran::Lost(why) => Verdict::no(why),
        Ran::TimedOut => Verdict::no(format!("it did not end within {}", format_duration(limit))),
        Ran::Ended { status, out, err } => run.judge(status, &out, &err),
    }
}

/// Runs a program, without a shell and without input. At the limit it is killed, and all that it started with it.
pub(crate) async fn run_program(argv: &[String], env: &Along, limit: Duration) -> Ran {
    let Some((program, arguments)) = argv.split_first() else {
        return Ran::NotStarted("there is no command".to_owned());
    };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    for (name, sent) in env {
        match sent.expose() {
            Ok(text) => command.env(name, text),
            Err(why) => return Ran::NotStarted(format!("{program} cannot be started: ${name}: {why}")),
        };
    }
    // A group of its own: Ctrl-C at the terminal is for opsctl, which decides what becomes of the command.
    #[cfg(unix)]
    command.process_group(0);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return Ran::NotStarted(format!("{program} cannot be started: {}", clause(&error))),
    };
    let (mut out, mut err) = (Kept::new(child.stdout.take()), Kept::new(child.stderr.take()));
    let mut group = Group::of(&child);
    match timeout(limit, end(&mut child, &mut out, &mut err)).await {
        Err(_) => Ran::TimedOut,
        Ok(Err(error)) => Ran::Lost(clause(&error)),
        Ok(Ok(status)) => {
            group.disarm();
            Ran::Ended { status, out: out.kept, err: err.kept }
        }
    }
}

/// Waits for the command's end, reading along so that a full pipe does not hold it up.
async fn end(child: &mut Child, out: &mut Kept, err: &mut Kept) -> std::io::Result<ExitStatus> {
    let read = async { tokio::join!(out.drain(), err.drain()) };
    tokio::pin!(read);
    tokio::select! {
        status = child.wait() => {
            let _ = timeout(GRACE, &mut read).await;
            return status;
        }
        _ = &mut read => {}
    }
    child.wait().await
}

impl Run {
    /// A program that ends with 0, whatever it says.
    pub fn new(argv: Vec<String>) -> Self {
        Self { argv, env: Along::new(), exit: 0, output: None, lines: None, number: None }
    }

    fn judge(&self, status: ExitStatus, out: &[u8], err: &[u8]) -> Verdict {
        let Some(code) = status.code() else {
            return Verdict::no(status.to_string());
        };
        let untold = Untold::of(&self.env);
        let last_line = |output: &[u8]| last_line(&untold.out_of(&String::from_utf8_lossy(output)));
        if code != self.exit {
            let said = last_line(err).or_else(|| last_line(out));
            return Verdict::no(said.map_or_else(|| format!("exit {code}"), |said| format!("exit {code}: {said}")));
        }
        let ends = || last_line(out).map_or_else(|| "nothing".to_owned(), |said| format!("{said:?}"));
        let text = String::from_utf8_lossy(out);
        if let Some(part) = self.output.as_ref().filter(|part| !text.contains(part.as_str())) {
            return Verdict::no(format!("exit {code}, and the output has no {part:?}; it ends with {}", ends()));
        }
        let counts = self.lines.is_some() || self.number.is_some();
        if counts && out.len() >= MOST {
            return Verdict::no("the output is larger than 1 MiB, so it was not counted");
        }
        let mut verdict = Verdict::yes(format!("exit {code}"));
        if let Some(is) = &self.lines {
            let lines = text.lines().filter(|line| !line.trim().is_empty()).count();
            let lines = i64::try_from(lines).unwrap_or(i64::MAX);
            verdict.holds &= is.holds(Some(&Value::Integer(lines)));
            verdict.seen = if lines == 1 { "1 line".to_owned() } else { format!("{lines} lines") };
            if lines > 0 && !verdict.holds {
                verdict.seen = format!("{}, the last of them {}", verdict.seen, ends());
            }
        }
        if let Some(is) = &self.number {
            let number = text.trim().parse().unwrap_or(f64::NAN);
            verdict.holds &= meets(number, is);
            let is = if number.is_nan() { format!("no number but {}", ends()) } else { number.to_string() };
            verdict.seen = if self.lines.is_some() { format!("{}, {is}", verdict.seen) } else { is };
        }
        verdict
    }
}

/// The last line with something in it, as much as fits beside other things.
fn last_line(text: &str) -> Option<String> {
    let line = text.lines().rev().map(str::trim).find(|line| !line.is_empty())?;
    Some(line.chars().filter(|c| !c.is_control()).take(200).collect())
}

/// An output, up to [`MOST`] bytes of it.
struct Kept<R = Box<dyn AsyncRead + Send + Unpin>> {
    pipe: Option<R>,
    kept: Vec<u8>,
}

impl Kept {
    fn new(pipe: Option<impl AsyncRead + Send + Unpin + 'static>) -> Self {
        Self { pipe: pipe.map(|pipe| Box::new(pipe) as _), kept: Vec::new() }
    }

    /// Reads to the end. Whoever stops it in between keeps what was read.
    async fn drain(&mut self) {
        let Some(pipe) = &mut self.pipe else { return };
        let mut buffer = [0; 8192];
        while let Ok(read) = pipe.read(&mut buffer).await
            && read > 0
        {
            let room = MOST.saturating_sub(self.kept.len());
            self.kept.extend_from_slice(&buffer[..read.min(room)]);
        }
    }
}

/// Kills a command and all that it started, unless it has ended.
struct Group(Option<u32>);

impl Group {
    fn of(child: &Child) -> Self {
        Self(child.id())
    }

    fn disarm(&mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(group) = self.0.and_then(|id| rustix::process::Pid::from_raw(id.cast_signed())) {
            // The child is not waited for yet, so its number is still its own. A group that is gone needs no kill.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Bound;

    const LIMIT: Duration = Duration::from_secs(30);

    fn program(argv: &[&str]) -> Run {
        Run::new(argv.iter().map(|word| (*word).to_owned()).collect())
    }

    async fn shell(script: &str, exit: i32, output: Option<&str>) -> Verdict {
        let output = output.map(str::to_owned);
        run(&Run { exit, output, ..program(&["sh", "-c", script]) }, LIMIT).await
    }

    fn at_most(most: impl Into<Value>) -> Option<Goal> {
        Some(Bound { at_most: Some(most.into()), ..Bound::default() }.into())
    }

    #[tokio::test]
    async fn test_lines() {
        let lines = async |script: &str, lines| run(&Run { lines, ..program(&["sh", "-c", script]) }, LIMIT).await;
        let none = || Some(Goal::Exact(Value::Integer(0)));
        assert_eq!(lines("true", none()).await, Verdict::yes("0 lines"));
        assert_eq!(lines("echo; echo '  '", none()).await, Verdict::yes("0 lines"));
        let two = lines("echo one; echo two", none()).await;
        assert_eq!(two, Verdict::no("2 lines, the last of them \"two\""));
        assert_eq!(lines("echo one; echo two", at_most(Value::Integer(2))).await, Verdict::yes("2 lines"));
        // The end of the command comes first.
        assert_eq!(lines("exit 1", none()).await, Verdict::no("exit 1"));
        assert!(!lines("yes | head -c 3000000", at_most(Value::Integer(i64::MAX))).await.holds);
    }

    #[tokio::test]
    async fn test_a_number() {
        let number = async |script: &str| {
            let number = at_most(Value::Number(10.0));
            run(&Run { number, ..program(&["sh", "-c", script]) }, LIMIT).await
        };
        assert_eq!(number("echo ' 2.50'").await, Verdict::yes("2.5"));
        assert_eq!(number("echo 11").await, Verdict::no("11"));
        assert_eq!(number("true").await, Verdict::no("no number but nothing"));
        assert_eq!(number("echo NaN").await, Verdict::no("no number but \"NaN\""));
        assert_eq!(number("echo 1; echo 2").await, Verdict::no("no number but \"2\""));
        assert_eq!(number("echo 10 rows").await, Verdict::no("no number but \"10 rows\""));
    }

    #[tokio::test]
    async fn test_exit_and_output() {
        assert_eq!(shell("exit 0", 0, None).await, Verdict::yes("exit 0"));
        assert_eq!(shell("exit 3", 3, None).await, Verdict::yes("exit 3"));
        assert_eq!(shell("echo no quorum >&2; exit 3", 0, None).await, Verdict::no("exit 3: no quorum"));
        assert_eq!(shell("echo one; echo two", 0, Some("one\ntwo")).await, Verdict::yes("exit 0"));
        let seen = shell("echo one", 0, Some("two")).await.seen;
        assert_eq!(seen, r#"exit 0, and the output has no "two"; it ends with "one""#);
        assert_eq!(shell("kill -9 $$", 0, None).await.seen, "signal: 9 (SIGKILL)");
    }

    #[tokio::test]
    async fn test_there_is_no_shell_and_no_input() {
        let output = Some("$HOME; ls".to_owned());
        assert!(run(&Run { output, ..program(&["echo", "$HOME; ls"]) }, LIMIT).await.holds);
        assert_eq!(shell("cat", 0, None).await, Verdict::yes("exit 0"));
        let seen = run(&program(&["no-such-program-here"]), LIMIT).await.seen;
        assert_eq!(seen, "no-such-program-here cannot be started: no such file or directory");
        assert!(!run(&program(&[]), LIMIT).await.holds);
    }

    #[tokio::test]
    async fn test_much_output_holds_nothing_up() {
        let verdict = shell("head -c 3000000 /dev/zero; echo end", 0, Some("end")).await;
        assert!(!verdict.holds, "{}", verdict.seen);
        assert!(shell("head -c 3000000 /dev/zero >&2; echo end", 0, Some("end")).await.holds);
    }

    #[tokio::test]
    async fn test_what_it_leaves_in_the_background_is_not_waited_for() {
        let began = std::time::Instant::now();
        assert!(shell("echo up; sleep 20 & exit 0", 0, Some("up")).await.holds);
        assert!(began.elapsed() < LIMIT);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn test_at_the_limit_all_of_it_is_killed() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let script = "sleep 1000 & echo $!; echo $! > \"$0\"; wait";
        let argv = program(&["sh", "-c", script, file.path().to_str().unwrap()]);
        let verdict = run(&argv, Duration::from_secs(1)).await;
        assert_eq!(verdict.seen, "it did not end within 1s");
        let pid = std::fs::read_to_string(file.path()).unwrap();
        let status = format!("/proc/{}/stat", pid.trim());
        // Killed: gone, or a zombie until its new parent takes note.
        while let Ok(stat) = std::fs::read_to_string(&status) {
            if stat.contains(") Z ") {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
