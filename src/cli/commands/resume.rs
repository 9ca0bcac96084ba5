use std::sync::Arc;

use clap::Args;

use crate::apply::{ApplyError, Closing};
use crate::cli::damage::Damage;
use crate::cli::drift;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::flags::Flags;
use crate::cli::help;
use crate::cli::intended::{self, Intended, Selection};
use crate::cli::open;
use crate::cli::output::Output;
use crate::cli::owed;
use crate::cli::page::{self, Situation};
use crate::cli::repository::Repository;
use crate::cli::run::{self, Held};
use crate::cli::setting::{self, Setting};
use crate::cli::standing::Standing;
use crate::cli::under_way;
use crate::plan::SkippedWhy;
use crate::snapshot::Operation;
use crate::view;

/// Goes on with an operation that did not end, or does what an ended one still owes
///
/// What was sent and not seen to be true is looked at first; nothing is done twice.
#[derive(Debug, Args)]
#[command(after_help = help::more(
    &[
        ("opsctl resume", "shows what is left, asks, and does it"),
        ("opsctl resume --abandon 'east is gone'", "closes it as it stands"),
    ],
    help::CHANGING,
))]
pub(in crate::cli) struct Resume {
    /// Closes the operation as it stands instead, or lets go of what is owed, and says why
    #[arg(long, value_name = "REASON", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    abandon: Option<String>,
    #[command(flatten)]
    flags: Flags,
}

impl Resume {
    pub(in crate::cli) async fn run(self, output: &Output) -> Result<Exit, Failure> {
        let repository = Repository::open(output)?;
        setting::alone(&repository)?;
        let store = repository.store()?;
        let instances = repository.instances(output)?;
        let setting = Setting::new(&repository, &instances, &store)?;
        let open = open::find(&setting)?;
        if open.is_none()
            && let Some(lost) = Standing::of(&repository)?.any_lost(&store)?
        {
            return Err(lost.into());
        }
        match (open, self.abandon) {
            (Some(open), Some(reason)) => {
                let operation = open::abandon(&setting, open.mark(), Closing::Abandoned(reason), output).await?;
                if output.json {
                    output.result(&view::json::document("operation", &Document { operation: &operation })?);
                }
                run::summed_up(&operation, None, &setting, output)
            }
            (None, Some(reason)) => let_go_of_debts(&setting, reason, output).await,
            (Some(open), None) => {
                let effects = open.look(&instances).await;
                let astray = open.astray(&instances).await;
                output.say(&view::unfinished::unfinished(&open, &effects, &astray, &output.progress));
                output.say(&view::unfinished::ahead(&open, &effects, &astray, &output.progress));
                let plan = &open.plan;
                run::may_be_taken_back(plan, self.flags.failing().unwrap_or_default())?;
                self.flags.confirm(plan, output)?;
                let held = Held::take(&setting)?;
                let operation = open::resume(&setting, open.mark(), plan, &self.flags.how(), &held, output).await?;
                run::ended(&operation, Some(plan), &setting, &held, output).await
            }
            (None, None) => settle_debts(&setting, &self.flags, output).await,
        }
    }
}

#[derive(serde::Serialize)]
struct Document<'a> {
    operation: &'a Operation,
}

/// Plans what ended operations owe anew, and does it.
async fn settle_debts(setting: &Setting<'_>, flags: &Flags, output: &Output) -> Result<Exit, Failure> {
    let mut damage = Damage::default();
    let debts = owed::all(setting, &mut damage).await?;
    let damaged = damage.warn(setting, output)?;
    let Some(mut debt) = debts.into_iter().next() else {
        if let Some(damaged) = damaged.iter().find(|damaged| damaged.may_owe) {
            let (name, operation) = (&damaged.name, &damaged.operation);
            return Err(Failure::Refused {
                what: format!(
                    "{name} ({operation}): what it did not do is not known, for its record is damaged; nothing was changed"
                ),
                hint: "apply the state that shall be, whole".to_owned(),
            });
        }
        output.sentence("No operation is open and nothing is owed.");
        return Ok(Exit::Done);
    };
    if let Some(stranger) = debt.strangers.pop() {
        return Err(stranger.into());
    }
    if let Some(unclear) = &debt.unclear {
        return Err(Failure::Refused {
            what: format!("{} ({}): {unclear}; nothing was changed", debt.operation.name, debt.operation.id),
            hint: "apply the state that shall be, whole, or let go of it: opsctl resume --abandon REASON".to_owned(),
        });
    }
    if debt.operation.reverts.is_some() {
        return Err(Failure::Unknown {
            what: format!("{} was not done in full, and a rollback is planned anew as a whole", debt.operation.name),
            hint: "opsctl rollback".to_owned(),
        });
    }
    let selection = Selection::rest(debt.rest(), &debt.operation.part);
    let intended = Intended::recorded(&debt.operation.name);
    let (repository, instances, store) = (setting.repository, setting.instances, setting.store);
    let mut plan = intended::plan(repository, &intended, &selection, instances, store, output).await?;
    page::estimate(&mut plan, store);
    let situation = Situation {
        drifts: drift::drifts(&plan, setting)?,
        under_way: under_way::under_way(&plan, store),
        ..Situation::of(repository, store)?
    };
    page::show_before(&plan, &situation, output)?;
    if plan.skipped.iter().any(|skipped| matches!(skipped.why, SkippedWhy::HeldBack(_))) {
        output.say(&format!(
            "What is held back goes on once what it needs is as it was: opsctl resume. Or apply what shall be: {}; or let go of it: opsctl \
             resume --abandon REASON\n",
            plan.intent.applied()
        ));
    }
    run::run(Arc::new(plan), setting, flags, output).await
}

/// Lets go of all that ended operations owe.
async fn let_go_of_debts(setting: &Setting<'_>, reason: String, output: &Output) -> Result<Exit, Failure> {
    let mut damage = Damage::default();
    let debts = owed::all(setting, &mut damage).await?;
    damage.warn(setting, output)?;
    let Some(newest) = debts.first() else { return Err(ApplyError::NothingOpen.into()) };
    let Some(plan) = owed::plan_of(&debts, setting)? else { return Err(ApplyError::NothingOpen.into()) };
    let name = newest.operation.name.clone();
    let steps = debts.iter().flat_map(|debt| debt.steps.iter().cloned()).collect();
    let operation = run::let_go(setting, &plan, name, reason, steps).await?;
    if output.json {
        output.result(&view::json::document("operation", &Document { operation: &operation })?);
    } else {
        output.result(&view::let_go(&operation, &output.results));
    }
    Ok(Exit::Done)
}
