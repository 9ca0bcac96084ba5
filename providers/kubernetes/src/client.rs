use std::time::Duration;

use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{Method, Request, Response};
use hyper_util::client::legacy;
use kube::client::{AuthError, Body, ClientBuilder};
use kube::config::{KubeConfigOptions, Kubeconfig};
use opsctl_api::Cx;
use serde_json::Value as Json;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::fault::{CallError, Status, chain};

/// Where the cluster is, and by what to prove who asks.
pub(crate) enum Target {
    /// The pod that this runs in.
    InCluster,
    /// A context of a kubeconfig.
    Context(Box<Kubeconfig>, String),
}

/// The connection to one cluster, made when it is first needed: credentials may come from another program.
pub(crate) struct Client {
    target: Target,
    connect_timeout: Duration,
    made: Mutex<Option<kube::Client>>,
}

/// One request.
pub(crate) struct Call {
    /// As it is counted: `PATCH deployments/scale`.
    pub(crate) verb: String,
    /// As it is complained about: `patch deployments/scale in cdn`.
    pub(crate) action: String,
    /// Method of HTTP.
    pub(crate) method: Method,
    /// Path and query.
    pub(crate) uri: String,
    /// A JSON Patch, or nothing.
    pub(crate) patch: Option<Vec<Json>>,
}

impl Client {
    pub(crate) fn new(target: Target, connect_timeout: Duration) -> Self {
        Self { target, connect_timeout, made: Mutex::new(None) }
    }

    /// Sends one request and gives the body of a success.
    ///
    /// # Errors
    /// There was none, within the context's timeout.
    pub(crate) async fn call(&self, cx: &Cx, call: Call) -> Result<Vec<u8>, CallError> {
        let Call { verb, action, method, uri, patch } = call;
        let unsent = |why: String| CallError::NotSent { action: action.clone(), why, credentials: false };
        let client = match timeout(cx.timeout, self.client()).await {
            Ok(client) => client.map_err(|error| no_client(&action, &error))?,
            Err(_) => return Err(unsent(format!("no credentials within {}s", cx.timeout.as_secs_f32()))),
        };
        let request = Request::builder().method(method).uri(uri);
        let request = match patch {
            Some(patch) => request
                .header(CONTENT_TYPE, "application/json-patch+json")
                .body(Body::from(Json::from(patch).to_string().into_bytes())),
            None => request.body(Body::empty()),
        };
        let request = request.map_err(|error| unsent(chain(&error)))?;
        cx.calls.count(&verb);
        let answer = async {
            let answer = client.send(request).await.map_err(|error| lost(&action, &error))?;
            let (parts, body) = answer.into_parts();
            let body = body.collect_bytes().await.map_err(|error| lost(&action, &error))?;
            Ok(Response::from_parts(parts, body))
        };
        let answer = timeout(cx.timeout, answer).await.unwrap_or_else(|_| {
            let why = format!("no answer within {}s", cx.timeout.as_secs_f32());
            Err(CallError::Lost { action: action.clone(), why })
        })?;
        if answer.status().is_success() {
            return Ok(answer.into_body().into());
        }
        let seconds = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        Err(CallError::Answered {
            action,
            code: answer.status().as_u16(),
            status: Status::read(answer.body()),
            retry_after: seconds.map(Duration::from_secs),
        })
    }

    /// The client, made anew where its certificate has run out.
    async fn client(&self) -> Result<kube::Client, OpenError> {
        let mut made = self.made.lock().await;
        if let Some(client) = &*made
            && client.valid_until().is_none_or(|until| jiff::Timestamp::now() < until)
        {
            return Ok(client.clone());
        }
        let mut config = match &self.target {
            Target::InCluster => kube::Config::incluster()?,
            Target::Context(kubeconfig, context) => {
                let options = KubeConfigOptions { context: Some(context.clone()), ..KubeConfigOptions::default() };
                kube::Config::from_custom_kubeconfig((**kubeconfig).clone(), &options).await?
            }
        };
        config.connect_timeout = Some(self.connect_timeout);
        // A write must never be repeated unseen, and retries of reads are a layer above.
        config.default_retry = false;
        // A credential plugin is another program, run and waited for in here.
        let client = tokio::task::spawn_blocking(move || ClientBuilder::try_from(config).map(ClientBuilder::build))
            .await
            .map_err(OpenError::Aborted)?
            .map_err(Box::new)?;
        Ok(made.insert(client).clone())
    }
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
enum OpenError {
    #[error("the kubeconfig cannot be used")]
    Kubeconfig(#[from] kube::config::KubeconfigError),
    #[error("this is no pod with a service account")]
    InCluster(#[from] kube::config::InClusterError),
    #[error("no client can be made")]
    Client(#[from] Box<kube::Error>),
    #[error("making the client was aborted")]
    Aborted(#[source] tokio::task::JoinError),
}

fn no_client(action: &str, error: &OpenError) -> CallError {
    match error {
        OpenError::Client(error) => lost(action, error).unsent(),
        other => CallError::NotSent { action: action.to_owned(), why: chain(other), credentials: false },
    }
}

/// An error while a request was on its way: whether it had left is known only where there was no connection to leave by, or
/// nothing to identify oneself with.
fn lost(action: &str, error: &kube::Error) -> CallError {
    let action = action.to_owned();
    let auth = match error {
        kube::Error::Auth(auth) => Some(auth),
        kube::Error::Service(error) => error.downcast_ref::<AuthError>(),
        _ => None,
    };
    if let Some(auth) = auth {
        return CallError::NotSent { action, why: no_credentials(auth), credentials: true };
    }
    let why = chain(error);
    match error {
        kube::Error::Service(error) if error.downcast_ref::<legacy::Error>().is_some_and(legacy::Error::is_connect) => {
            CallError::NotSent { action, why, credentials: false }
        }
        _ => CallError::Lost { action, why },
    }
}

/// What a credential plugin complained about. kube would also show its command with the environment that the kubeconfig gives
/// it, and its output: there may be secrets in both.
fn no_credentials(error: &AuthError) -> String {
    match error {
        AuthError::AuthExecRun { out, .. } => {
            let said = String::from_utf8_lossy(&out.stderr);
            format!("the credential plugin failed ({}): {}", out.status, said.trim())
        }
        AuthError::AuthExecParse(_) => "the credential plugin's output is no ExecCredential".to_owned(),
        AuthError::AuthExec(_) => "the credential plugin gave no credentials".to_owned(),
        other => chain(other),
    }
}
