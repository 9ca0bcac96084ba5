//! Whether the harness shows enough: a trial that has nothing to try would pass without having tried anything.

use super::case::{Case, Duty, Proof, duty, hold, shown};
use crate::{Direction, Edit, Effect, Setting, Type};

pub(super) const OF_KINDS: &[Duty] = &[
    duty!(every_setting_has_an_example),
    duty!(examples_lead_up_and_down),
    duty!(examples_change_something, |case| !case.examples.is_empty()),
    duty!(something_has_two_values),
];

/// The harness has an example of every setting.
async fn every_setting_has_an_example(case: &Case) -> Proof {
    for setting in case.kind.settings.iter().filter(|setting| !setting.observed) {
        let has = case.examples.iter().any(|example| setting.covers(&example.setting));
        hold!(has, "{} has no example", setting.form());
    }
    Ok(())
}

/// Whether a setting has a direction that can be gone both ways.
fn led(setting: &Setting) -> bool {
    let ordered =
        matches!(setting.ty, Type::Bool | Type::Integer { .. } | Type::Number { .. } | Type::Quantity | Type::Duration);
    setting.effect != Effect::Config && ordered && !setting.one_way && !setting.observed
}

/// The harness leads every setting that has a direction both ways, but for one-way settings and switches, which are at one end.
async fn examples_lead_up_and_down(case: &Case) -> Proof {
    let live = case.desk().fresh().await?;
    for setting in case.kind.settings.iter().filter(|setting| led(setting)) {
        let ways: Vec<Direction> = case
            .examples
            .iter()
            .filter(|example| setting.covers(&example.setting))
            .map(|example| {
                let from = live.value(&example.setting).cloned();
                Edit { setting: example.setting.clone(), from, to: example.to.clone() }.direction(case.kind)
            })
            .collect();
        let switch = matches!(setting.effect, Effect::Power | Effect::PowerInverted);
        let (up, down) = (ways.contains(&Direction::Up), ways.contains(&Direction::Down));
        hold!(if switch { up || down } else { up && down }, "{} is led {ways:?} alone", setting.form());
    }
    Ok(())
}

/// What an example gives is of the setting's type, and is not there at first.
async fn examples_change_something(case: &Case) -> Proof {
    let live = case.desk().fresh().await?;
    for example in &case.examples {
        let setting = case.setting(example)?;
        match &example.to {
            Some(value) => setting.ty.check(value)?,
            None => hold!(setting.optional, "{} cannot be taken away", example.setting),
        }
        hold!(live.value(&example.setting) != example.to.as_ref(), "{} is there at first", shown(example));
    }
    Ok(())
}

/// The harness has two values of at least one setting, unless all are switches or lead one way.
async fn something_has_two_values(case: &Case) -> Proof {
    let switch = |effect| matches!(effect, Effect::Power | Effect::PowerInverted);
    let could =
        case.kind.settings.iter().any(|setting| {
            !setting.observed && !setting.one_way && setting.ty != Type::Bool && !switch(setting.effect)
        });
    hold!(!could || case.alternatives().next().is_some(), "no setting has two examples that differ");
    Ok(())
}
