use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::{Builder, Runtime};
use tokio::task::{JoinHandle, JoinSet};

use crate::answer::Answer;
use crate::call::Call;
use crate::cloudwatch;
use crate::console::Console;
use crate::mend::Mends;
use crate::moto::{Fault, Moto};
use crate::rule::{Effect, Rule, When};

/// Accounts that proxies of this process have had.
static ACCOUNTS: AtomicU64 = AtomicU64::new(0);

/// AWS as a test sees it: an endpoint of its own, in an account of its own, which is empty at first.
pub struct Proxy {
    shared: Arc<Shared>,
    address: SocketAddr,
    /// Bound and never listened on, so that nobody else gets the port while the proxy is down.
    _port: TcpSocket,
    listening: Mutex<Option<JoinHandle<()>>>,
    /// Its own, so that a test may block as it likes. Only taken when it is dropped.
    runtime: Option<Runtime>,
}

pub(crate) struct Shared {
    moto: Moto,
    mends: Mends,
    rules: Mutex<Vec<Rule>>,
    calls: Mutex<Vec<Call>>,
}

/// The connection is closed instead of an answer.
#[derive(Debug)]
struct Closed;

impl std::fmt::Display for Closed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection is closed by a rule")
    }
}

impl std::error::Error for Closed {}

impl Proxy {
    /// Before the moto of the test rig.
    ///
    /// # Panics
    /// If there is none; the message says how to start one.
    #[expect(clippy::panic, reason = "a test that cannot begin has failed")]
    pub fn start() -> Self {
        let Ok(moto) = std::env::var("OPSCTL_RIG_MOTO") else {
            panic!("OPSCTL_RIG_MOTO is not set; this sets it: tests/rig/rig run --only moto COMMAND")
        };
        Self::before(&moto).unwrap_or_else(|error| panic!("no proxy can be started: {error}"))
    }

    /// Before the moto at this URL.
    ///
    /// # Errors
    /// If no port can be had.
    pub fn before(moto: &str) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(2).thread_name("aws-proxy").enable_all().build()?;
        let account =
            (u64::from(std::process::id()) * 1000 + ACCOUNTS.fetch_add(1, Ordering::Relaxed)) % 1_000_000_000_000;
        let shared = Arc::new(Shared {
            moto: Moto::new(moto.trim_start_matches("http://").trim_end_matches('/'), format!("{account:012}")),
            mends: Mends::default(),
            rules: Mutex::default(),
            calls: Mutex::default(),
        });
        let _guard = runtime.enter();
        let port = bound((Ipv4Addr::LOCALHOST, 0).into())?;
        let address = port.local_addr()?;
        let proxy = Self { shared, address, _port: port, listening: Mutex::default(), runtime: Some(runtime) };
        proxy.up()?;
        Ok(proxy)
    }

    /// What to set `AWS_ENDPOINT_URL` to.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The account's number.
    pub fn account(&self) -> &str {
        self.shared.moto.account()
    }

    /// The account as a colleague has it on the screen: past all rules, and not counted.
    pub fn console(&self, region: &str) -> Console<'_> {
        Console::new(self, region)
    }

    /// Begins a rule for calls of an operation; `*` is any. All rules that apply do, in the order of their making,
    /// until one of them answers or closes.
    pub fn when(&self, service: &str, operation: &str) -> When<'_> {
        When::new(self, service, operation)
    }

    /// Nobody answers at the port from now on, and no connection stays.
    pub fn down(&self) {
        let listening = self.listening().take();
        self.block(async {
            if let Some(task) = listening {
                task.abort();
                let _ = task.await;
            }
        });
    }

    /// It answers again.
    ///
    /// # Errors
    /// If it cannot listen.
    pub fn up(&self) -> io::Result<()> {
        let mut listening = self.listening();
        let Some(runtime) = self.runtime.as_ref().filter(|_| listening.is_none()) else { return Ok(()) };
        let _guard = runtime.enter();
        let listener = bound(self.address)?.listen(1024)?;
        *listening = Some(runtime.spawn(listen(listener, self.shared.clone())));
        Ok(())
    }

    /// All calls that have arrived, in their order.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.seen().clone()
    }

    /// How many calls of each operation have arrived, by names such as `ecs:UpdateService`.
    pub fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for call in &*self.shared.seen() {
            *counts.entry(format!("{}:{}", call.service, call.operation)).or_default() += 1;
        }
        counts
    }

    /// How many calls of an operation have arrived.
    pub fn count(&self, service: &str, operation: &str) -> usize {
        self.shared.seen().iter().filter(|call| call.service == service && call.operation == operation).count()
    }

    /// Forgets the calls that have arrived.
    pub fn forget(&self) {
        self.shared.seen().clear();
    }

    pub(crate) fn add(&self, rule: Rule) {
        self.shared.rules.lock().unwrap_or_else(PoisonError::into_inner).push(rule);
    }

    /// Does a call past all rules.
    pub(crate) fn ask(&self, call: Call) -> Option<Answer> {
        let shared = self.shared.clone();
        self.block(async move { shared.mended(&call).await.ok() }).flatten()
    }

    /// Waits for what is done on the proxy's own threads; may be called on a thread of another runtime.
    fn block<T: Send + 'static>(&self, future: impl Future<Output = T> + Send + 'static) -> Option<T> {
        let (send, receive) = mpsc::channel();
        self.runtime.as_ref()?.spawn(async move {
            let _ = send.send(future.await);
        });
        receive.recv().ok()
    }

    fn listening(&self) -> MutexGuard<'_, Option<JoinHandle<()>>> {
        self.listening.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn bound(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// Ends all connections when it is aborted.
async fn listen(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let shared = shared.clone();
                    let serve = service_fn(move |request| respond(request, shared.clone()));
                    connections.spawn(async move {
                        // A client that goes away, and a rule that closes, are no errors here.
                        let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), serve).await;
                    });
                }
                // Out of file descriptors, most likely: some will be closed.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn respond(request: Request<Incoming>, shared: Arc<Shared>) -> Result<Response<Full<Bytes>>, Closed> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Closed)?.to_bytes();
    let call = Call::new(parts.method, &parts.uri, parts.headers, body);
    // In a task of its own: what AWS has begun it finishes, also when the client has gone.
    let answer = tokio::spawn(async move { shared.serve(call).await }).await.map_err(|_| Closed)??;
    let mut response = Response::new(Full::new(answer.body));
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    Ok(response)
}

impl Shared {
    fn seen(&self) -> MutexGuard<'_, Vec<Call>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rules(&self) -> Vec<Rule> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn serve(&self, call: Call) -> Result<Answer, Closed> {
        let (call, binary) = cloudwatch::from_cbor(call);
        self.seen().push(call.clone());
        let answer = self.ruled(&call).await?;
        Ok(if binary { cloudwatch::to_cbor(answer) } else { answer })
    }

    async fn ruled(&self, call: &Call) -> Result<Answer, Closed> {
        let mut later = Vec::new();
        for rule in self.rules() {
            if !rule.takes(call) {
                continue;
            }
            match rule.effect() {
                Effect::Delay(time) => tokio::time::sleep(*time).await,
                Effect::Answer(answer) => return Ok(answer(call)),
                Effect::Close => return Err(Closed),
                Effect::Alter(_) | Effect::LoseAnswer => later.push(rule),
            }
        }
        let mut answer = self.mended(call).await.map_err(|_| Closed)?;
        if answer.ok() {
            self.rules().iter().for_each(|rule| rule.saw(call));
        }
        for rule in later {
            match rule.effect() {
                Effect::Alter(alter) => alter(call, &mut answer),
                _ => return Err(Closed),
            }
        }
        Ok(answer)
    }

    /// As AWS would answer, without any rule of a test.
    async fn mended(&self, call: &Call) -> Result<Answer, Gone> {
        match self.mends.answer(call, &self.moto).await {
            Ok(answer) => Ok(answer),
            Err(Fault::Refused(refusal)) => Ok(Answer::refused(call, &refusal)),
            Err(Fault::Gone) => Err(Gone),
        }
    }
}

/// moto does not answer.
struct Gone;
