use clap::Args;
use tokio::task::JoinSet;

use crate::check::{self, Verdict};
use crate::cli::complete;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::help;
use crate::cli::intended::named;
use crate::cli::output::Output;
use crate::cli::repository::Repository;
use crate::view;

/// Measures the checks of a state
#[derive(Debug, Args)]
#[command(after_help = help::more(
    &[("opsctl check", "what stands"), ("opsctl check baseline", "what this state expects")],
    &[(Exit::CheckFailed, "a check does not hold")],
))]
pub(in crate::cli) struct Check {
    /// A state, with overlays as STATE+OVERLAY; by default what stands
    #[arg(add = complete::state())]
    state: Option<String>,
    /// Waits until they hold, for as long as each may take
    #[arg(long)]
    wait: bool,
}

impl Check {
    pub(in crate::cli) async fn run(self, output: &Output) -> Result<Exit, Failure> {
        let repository = Repository::open(output)?;
        let (name, checks) = match &self.state {
            Some(name) => {
                let mut loaded = repository.states(output)?;
                (name.clone(), named(&mut loaded, name)?.checks)
            }
            None => standing(&repository)?,
        };
        let instances = repository.instances(output)?;
        let mut measured = JoinSet::new();
        let secrets = repository.secrets();
        for (index, check) in checks.iter().enumerate() {
            let (check, instances, wait) = (check::revealed(check, &secrets), instances.clone(), self.wait);
            measured.spawn(async move {
                let verdict = match check {
                    Err(verdict) => verdict,
                    Ok(check) if wait => check::await_check(&check, &instances, |_| ()).await,
                    Ok(check) => check::measure(&check, &instances).await,
                };
                (index, verdict)
            });
        }
        let mut verdicts: Vec<(usize, Verdict)> = measured.join_all().await;
        verdicts.sort_by_key(|(index, _)| *index);
        let measured: Vec<_> = checks.iter().zip(verdicts.into_iter().map(|(_, verdict)| verdict)).collect();
        let exit = if measured.iter().all(|(_, verdict)| verdict.holds) { Exit::Done } else { Exit::CheckFailed };
        if output.json {
            let checks = measured.iter().map(|(check, verdict)| Measured { check, verdict }).collect();
            output.result(&view::json::document("checks", &Document { state: &name, checks })?);
        } else {
            output.result(&view::check::verdicts(&name, &measured, &output.results));
        }
        Ok(exit)
    }
}

#[derive(serde::Serialize)]
struct Document<'a> {
    state: &'a str,
    checks: Vec<Measured<'a>>,
}

#[derive(serde::Serialize)]
struct Measured<'a> {
    check: &'a check::Check,
    verdict: &'a Verdict,
}

/// The checks of what stands, from its snapshots.
fn standing(repository: &Repository) -> Result<(String, Vec<check::Check>), Failure> {
    let store = repository.store()?;
    let nothing = |what: &str| Failure::Unknown {
        what: format!("{what}, so it is not clear which checks are meant"),
        hint: "name a state: opsctl check STATE".to_owned(),
    };
    let last = store.last_changing()?.ok_or_else(|| nothing("nothing was applied yet"))?;
    if repository.after(&store, &last)?.is_none() {
        return Err(Failure::Unknown {
            what: format!(
                "the last operation, {}, has no end on record, so nothing tells its checks",
                last.operation.id
            ),
            hint: "how it stands: opsctl status; what a state expects: opsctl check STATE".to_owned(),
        });
    }
    let stands = store.stands(None)?;
    if stands.state.is_none() {
        return Err(nothing("nothing that was applied stands"));
    }
    let name = view::Stands::of(&stands, None).told();
    Ok((name, repository.checks_of(&store, &stands)?))
}
