//! What may be done. moto does not simulate policies: here all is allowed, unless a rule of the test says otherwise.

use super::Outcome;
use crate::answer::Answer;
use crate::call::Call;
use crate::moto::Moto;
use crate::xml::Xml;

/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html>
pub(super) async fn answer(call: &Call, moto: &Moto) -> Outcome {
    if call.operation != "SimulatePrincipalPolicy" {
        return moto.send(call).await;
    }
    let fields = call.fields();
    let given = |list: &str| -> Vec<String> {
        let start = format!("{list}.member.");
        fields.iter().filter(|(name, _)| name.starts_with(&start)).map(|(_, value)| value.clone()).collect()
    };
    let mut resources = given("ResourceArns");
    if resources.is_empty() {
        resources.push("*".to_owned());
    }
    let results = given("ActionNames").into_iter().flat_map(|action| {
        resources
            .iter()
            .map(move |resource| {
                let fields =
                    [("EvalActionName", &*action), ("EvalResourceName", resource), ("EvalDecision", "allowed")];
                Xml::new("member", fields.map(|(name, value)| Xml::leaf(name, value)).into())
            })
            .collect::<Vec<_>>()
    });
    let results = Xml::new("EvaluationResults", results.collect());
    Ok(Answer::result(call, vec![Xml::leaf("IsTruncated", false), results]))
}
