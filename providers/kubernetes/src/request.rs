use http::Method;
use opsctl_api::{Cx, Edit, Fault, Hop, LiveSetting, Value};
use serde_json::{Value as Json, json};

use crate::client::{Call, Client};
use crate::fault::CallError;
use crate::fetch::{Fetch, Key};
use crate::kinds::{Served, plain, served};
use crate::patch::{Patch, test};
use crate::read::key;

/// A hop on its way to become one PATCH: the object that it is about, and how its kind is served.
pub(crate) struct Request<'a> {
    hop: &'a Hop,
    key: Key,
    /// How its kind is served.
    pub(crate) served: &'static Served,
}

/// What is sent, and where to.
pub(crate) struct Body {
    subresource: &'static str,
    operations: Vec<Json>,
}

/// Why there is nothing to send.
pub(crate) enum Stop {
    /// The object could not be read.
    Call(CallError),
    /// The object has no place for it.
    Fault(Fault),
    /// The object has another value than the hop comes from.
    Moved,
}

impl<'a> Request<'a> {
    /// # Errors
    /// The hop is about nothing that Kubernetes has.
    pub(crate) fn of(hop: &'a Hop) -> Result<Self, Fault> {
        let kind = hop.at.kind();
        let served = served(kind).ok_or_else(|| Fault::Missing(format!("Kubernetes has no kind `{kind}`")))?;
        Ok(Self { hop, key: key(&hop.at)?, served })
    }

    /// The patch. What `from` does not tell to the letter (a container's place in its list, how a quantity is written, whether
    /// there is a map to add to) is read right before, and the patch tests that it is still so.
    ///
    /// # Errors
    /// There is nothing to send.
    pub(crate) async fn body(&self, client: &Client, cx: &Cx, check: bool) -> Result<Body, Stop> {
        match self.blind(check) {
            Some(body) => Ok(body),
            None => self.after_reading(client, cx, check).await,
        }
    }

    /// Without reading: all edits replace values whose letters are known, at places that do not depend on others.
    ///
    /// A scale alone goes to the subresource, as `kubectl scale` does: a role may allow just that.
    fn blind(&self, check: bool) -> Option<Body> {
        let edits = self.hop.edits.as_slice();
        if let ([Edit { setting, from, to: Some(to) }], Some(scale)) = (edits, self.served.scale)
            && setting == scale
        {
            // A Scale leaves out a count of 0.
            let from = from.as_ref().map(plain).filter(|from| *from != 0).unwrap_or_default();
            let mut operations = vec![json!({ "op": "add", "path": "/spec/replicas", "value": plain(to) })];
            if check {
                operations.insert(0, test("/spec/replicas", &from));
            }
            return Some(Body { subresource: "scale", operations });
        }
        let mut operations = Vec::new();
        for edit in edits {
            let from = edit.from.as_ref().filter(|from| !matches!(from, Value::Quantity(_)))?;
            let pointer = match (self.served.paths)(&edit.setting).as_slice() {
                [path] => path.pointer()?,
                _ => return None,
            };
            if check {
                operations.push(test(&pointer, &plain(from)));
            }
            operations.push(match &edit.to {
                Some(to) => json!({ "op": "replace", "path": pointer, "value": plain(to) }),
                None => json!({ "op": "remove", "path": pointer }),
            });
        }
        Some(Body { subresource: "", operations })
    }

    async fn after_reading(&self, client: &Client, cx: &Cx, check: bool) -> Result<Body, Stop> {
        let api = &self.served.api;
        let json = Fetch { client, cx, api }.body(&self.key).await.map_err(Stop::Call)?;
        let garbled = |source| Stop::Call(CallError::Garbled { action: format!("get {}", api.plural), source });
        let object = (api.one)(&json).map_err(garbled)?;
        let mut patch = Patch::of(serde_json::from_slice(&json).map_err(garbled)?);
        for edit in &self.hop.edits {
            let live = object.setting(&edit.setting);
            if let LiveSetting::Hidden(why) = live {
                return Err(Stop::Fault(Fault::Invalid(why)));
            }
            if check && live.value() != edit.from.as_ref() {
                return Err(Stop::Moved);
            }
            let to = edit.to.as_ref().map(plain);
            patch
                .set(&(self.served.paths)(&edit.setting), to.as_ref())
                .map_err(|no_place| Stop::Fault(Fault::Invalid(no_place.to_string())))?;
        }
        Ok(Body { subresource: "", operations: patch.into_operations() })
    }

    /// The PATCH itself.
    pub(crate) fn call(&self, body: Body, dry_run: bool) -> Call {
        let (namespace, name) = &self.key;
        let base = self.served.api.base;
        let slash = if body.subresource.is_empty() { "" } else { "/" };
        let plural = self.served.api.plural;
        let what = format!("{plural}{slash}{}", body.subresource);
        let (counted, query) = if dry_run { (" (dry run)", "&dryRun=All") } else { ("", "") };
        Call {
            verb: format!("PATCH {what}{counted}"),
            action: format!("patch {what} in {namespace}"),
            method: Method::PATCH,
            uri: format!(
                "{base}/namespaces/{namespace}/{plural}/{name}{slash}{}?fieldManager=opsctl{query}",
                body.subresource
            ),
            patch: Some(body.operations),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(at: &str, edits: &[(&str, Option<Value>, Option<Value>)]) -> Hop {
        let edits = edits.iter().map(|(setting, from, to)| Edit {
            setting: (*setting).to_owned(),
            from: from.clone(),
            to: to.clone(),
        });
        Hop { at: at.parse().unwrap(), edits: edits.collect(), coupled: Vec::new() }
    }

    fn text(text: &str) -> Option<Value> {
        Some(Value::String(text.to_owned()))
    }

    #[test]
    fn test_a_scale_goes_to_the_subresource_and_tests_what_it_comes_from() {
        let scale = hop("k8s:deployment/cdn/edge", &[("replicas", Some(Value::Integer(2)), Some(Value::Integer(0)))]);
        let request = Request::of(&scale).unwrap();
        let call = request.call(request.blind(true).unwrap(), false);
        assert_eq!(call.verb, "PATCH deployments/scale");
        assert_eq!(call.uri, "/apis/apps/v1/namespaces/cdn/deployments/edge/scale?fieldManager=opsctl");
        assert_eq!(
            call.patch.unwrap(),
            [
                json!({"op": "test", "path": "/spec/replicas", "value": 2}),
                json!({"op": "add", "path": "/spec/replicas", "value": 0}),
            ]
        );
        let dry = request.call(request.blind(false).unwrap(), true);
        assert!(dry.uri.ends_with("&dryRun=All"));
        assert_eq!(dry.patch.unwrap().len(), 1);
    }

    #[test]
    fn test_a_scale_from_nothing_tests_that_nothing_is_there() {
        let scale = hop("k8s:deployment/cdn/edge", &[("replicas", Some(Value::Integer(0)), Some(Value::Integer(3)))]);
        let body = Request::of(&scale).unwrap().blind(true).unwrap();
        assert_eq!(body.operations[0], json!({"op": "test", "path": "/spec/replicas", "value": null}));
    }

    #[test]
    fn test_what_must_be_read_first() {
        let count = |number| Some(Value::Integer(number));
        for (hop, blind) in [
            (hop("k8s:hpa/cdn/edge", &[("max", count(4), count(9)), ("min", count(1), count(3))]), true),
            (hop("k8s:configmap/cdn/atc", &[("data.a", text("1"), text("2")), ("data.b", text("1"), None)]), true),
            (hop("k8s:configmap/cdn/atc", &[("data.a", None, text("2"))]), false),
            (hop("k8s:deployment/cdn/edge", &[("restart", text("1"), text("2"))]), true),
            (
                hop("k8s:deployment/cdn/edge", &[("restart", text("1"), text("2")), ("replicas", count(1), count(2))]),
                true,
            ),
            (hop("k8s:deployment/cdn/edge", &[("image.ats", text("ats:9"), text("ats:10"))]), false),
        ] {
            assert_eq!(Request::of(&hop).unwrap().blind(true).is_some(), blind, "{hop:?}");
        }
    }
}
