//! Nothing secret reaches anything that could be shown or stored, and what is stored is enough to go back to it.

use super::case::{Case, Duty, Proof, duty, hold, token};
use super::harness::Example;
use crate::{Query, Secret, Value, Write};

pub(super) const OF_KINDS: &[Duty] =
    &[duty!(a_secrets_text_is_never_shown, has_secrets), duty!(a_secret_comes_back_by_its_reference, has_secrets)];

fn has_secrets(case: &Case) -> bool {
    case.kind.settings.iter().any(|setting| setting.is_secret())
}

/// A secret's text is in no `Debug`, no serialisation and no line to type: neither what it was nor what it becomes.
async fn a_secrets_text_is_never_shown(case: &Case) -> Proof {
    let desk = case.desk();
    let mut tried = 0;
    for example in &case.examples {
        let Some(Value::Secret(secret)) = &example.to else { continue };
        let new = secret.plain.as_ref().ok_or_else(|| format!("the example of {} has no text", example.setting))?;
        let live = desk.fresh().await?;
        let old = match live.value(&example.setting) {
            Some(Value::Secret(secret)) => secret.plain.clone(),
            _ => None,
        };
        let mut shown = vec![format!("{live:?}")];
        for hop in desk.hops(&live, example)? {
            let by_hand = case.harness.catalogue().by_hand(&hop, &crate::Config::new());
            let write = Write { hop: hop.clone(), live: live.clone(), idempotency_token: token(&hop.at) };
            shown.extend([by_hand, format!("{hop:?}"), serde_json::to_string(&hop)?, format!("{write:?}")]);
            let written = desk.provider.write(&desk.cx, std::slice::from_ref(&write)).await;
            shown.push(format!("{written:?}"));
            // A conflict shows what is there, which is the secret.
            shown.push(format!("{:?}", desk.provider.write(&desk.cx, std::slice::from_ref(&write)).await));
            let stale = Write { idempotency_token: token(&hop.at), ..write };
            shown.push(format!("{:?}", desk.provider.write(&desk.cx, &[stale]).await));
            desk.settled(&hop).await?;
        }
        let readings = desk.ask(&[Query::one(live.at.clone())]).await?;
        shown.push(format!("{readings:?}"));
        for text in [Some(new), old.as_ref()].into_iter().flatten() {
            let told = shown.iter().find(|shown| shown.contains(text.expose()));
            hold!(told.is_none(), "the text of {} is shown", example.setting);
        }
        tried += 1;
    }
    hold!(tried > 0, "no example sets a secret");
    Ok(())
}

/// `Secret::reference`: the text can be put back from it, and the reference is then what it was, for it is all that is compared.
async fn a_secret_comes_back_by_its_reference(case: &Case) -> Proof {
    let desk = case.desk();
    let mut tried = 0;
    for example in case.examples.iter().filter(|example| example.to.as_ref().is_some_and(Value::is_secret)) {
        let before = desk.fresh().await?;
        let Some(Value::Secret(was)) = before.value(&example.setting) else { continue };
        hold!(was.reference.is_some(), "{} has no reference", example.setting);
        let stored = || Value::from(Secret { plain: None, ..Secret::clone(was) });
        let there = desk.go(&before, example).await?;
        hold!(
            there.value(&example.setting) != Some(&stored()),
            "{} has the reference of another text",
            example.setting
        );
        let back = Example { to: Some(stored()), ..example.clone() };
        // `go` waits until it has that reference again.
        let after = desk.go(&there, &back).await?;
        hold!(
            after.value(&example.setting) == before.value(&example.setting),
            "{} says something else",
            example.setting
        );
        tried += 1;
    }
    hold!(tried > 0, "no example sets a secret that is there at first");
    Ok(())
}
