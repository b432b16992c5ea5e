//! A `RabbitMQ` of one test: its own node, ports, cookie and folders, ended with it.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use lapin::options::{BasicAckOptions, BasicGetOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, Connection, ConnectionProperties};
use serde_json::{Value, json};
use tempfile::TempDir;

const SERVER: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";

/// A message that was in a queue.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) body: String,
    pub(crate) id: Option<String>,
    pub(crate) delivery_mode: Option<u8>,
}

/// The broker. Dropping it ends it.
pub(crate) struct Broker {
    server: Child,
    epmd: Option<Child>,
    folder: TempDir,
    port: u16,
}

impl Broker {
    /// Starts a broker; none where it is not installed.
    pub(crate) fn start() -> Option<Self> {
        if !Path::new(SERVER).exists() {
            return None;
        }
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let user = account();
        if let Some((user, group)) = user {
            std::os::unix::fs::chown(folder.path(), Some(user), Some(group)).expect("root may give a folder away");
        }
        let [port, distribution, names] = free_ports();
        let epmd = Command::new("epmd")
            .args(["-port", &names.to_string(), "-address", "127.0.0.1"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok();
        // Else the broker starts one of its own, which outlives it.
        run(async {
            for _ in 0..100 {
                if tokio::net::TcpStream::connect(("127.0.0.1", names)).await.is_ok() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        let path = |name: &str| -> PathBuf { folder.path().join(name) };
        let definitions = path("definitions.json");
        let config = format!(
            "listeners.tcp.default = 127.0.0.1:{port}\nloopback_users = none\nload_definitions = {}\n",
            definitions.display()
        );
        fs::write(path("rabbitmq.conf"), config).expect("the folder can be written");
        fs::write(&definitions, accounts().to_string()).expect("the folder can be written");
        fs::write(path("enabled_plugins"), "[].\n").expect("the folder can be written");
        let mut command = match user {
            Some((user, group)) => {
                let mut command = Command::new("setpriv");
                command.args([format!("--reuid={user}"), format!("--regid={group}")]).args(["--clear-groups", SERVER]);
                command
            }
            None => Command::new(SERVER),
        };
        let log = fs::File::create(path("log")).expect("the folder can be written");
        let server = command
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("HOME", folder.path())
            .env("LANG", "C.UTF-8")
            .env("RABBITMQ_NODENAME", format!("tidegate{port}@localhost"))
            .env("RABBITMQ_NODE_PORT", port.to_string())
            .env("RABBITMQ_DIST_PORT", distribution.to_string())
            .env("ERL_EPMD_PORT", names.to_string())
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_CONFIG_FILE", path("rabbitmq.conf"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", path("enabled_plugins"))
            .env("RABBITMQ_CONF_ENV_FILE", path("none"))
            .env("RABBITMQ_MNESIA_BASE", path("mnesia"))
            .env("RABBITMQ_LOG_BASE", path("logs"))
            .env("RABBITMQ_PID_FILE", path("pid"))
            .env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "-kernel inet_dist_use_interface {127,0,0,1}")
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a file can be shared"))
            .stderr(log)
            .spawn()
            .expect("the broker can be started");
        let broker = Self { server, epmd, folder, port };
        broker.wait();
        Some(broker)
    }

    /// Waits until it answers.
    fn wait(&self) {
        for _ in 0..600 {
            if run(async { Connection::connect(&self.url(), ConnectionProperties::default()).await.is_ok() }) {
                return;
            }
            run(async { tokio::time::sleep(Duration::from_millis(100)).await });
        }
        let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        panic!("the broker does not answer:\n{log}");
    }

    /// Its URL for the account that may do everything.
    pub(crate) fn url(&self) -> String {
        self.url_for("guest", "guest")
    }

    /// Its URL for the account that has the rights of which the book says that they are enough.
    pub(crate) fn url_for_gate(&self) -> String {
        self.url_for("gate", "s3cr3t")
    }

    /// Its URL for an account.
    pub(crate) fn url_for(&self, user: &str, password: &str) -> String {
        format!("amqp://{user}:{password}@127.0.0.1:{}", self.port)
    }

    /// Makes a queue, as the machines that run tests do; perhaps one that refuses more than so many messages.
    pub(crate) fn declare(&self, queue: &str, most: Option<u16>) {
        let mut arguments = FieldTable::default();
        if let Some(most) = most {
            arguments.insert("x-max-length".into(), AMQPValue::LongInt(most.into()));
            arguments.insert("x-overflow".into(), AMQPValue::LongString("reject-publish".into()));
        }
        self.with_channel(async |channel| {
            let options = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
            channel.queue_declare(queue.into(), options, arguments).await.expect("a queue can be made");
        });
    }

    /// Takes everything out of a queue; none if there is no such queue.
    pub(crate) fn take(&self, queue: &str) -> Option<Vec<Message>> {
        self.with_channel(async |channel| {
            let mut messages = Vec::new();
            loop {
                let message = channel.basic_get(queue.into(), BasicGetOptions::default()).await.ok()?;
                let Some(message) = message else { return Some(messages) };
                message.delivery.ack(BasicAckOptions::default()).await.expect("a message can be taken");
                let properties = &message.delivery.properties;
                messages.push(Message {
                    body: String::from_utf8_lossy(&message.delivery.data).into_owned(),
                    id: properties.message_id().as_ref().map(ToString::to_string),
                    delivery_mode: *properties.delivery_mode(),
                });
            }
        })
    }

    fn with_channel<T>(&self, work: impl AsyncFnOnce(&Channel) -> T) -> T {
        run(async {
            let connection = Connection::connect(&self.url(), ConnectionProperties::default()).await;
            let connection = connection.expect("the broker answers");
            let channel = connection.create_channel().await.expect("a channel can be made");
            let done = work(&channel).await;
            let _ = connection.close(200, "done".into()).await;
            done
        })
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // The script has a child, which knows its own number.
        let pid = fs::read_to_string(self.folder.path().join("pid")).unwrap_or_default();
        if let Ok(pid) = pid.trim().parse::<u32>() {
            let _ = Command::new("kill").args(["-KILL", &pid.to_string()]).status();
        }
        let _ = self.server.kill();
        let _ = self.server.wait();
        if let Some(epmd) = &mut self.epmd {
            let _ = epmd.kill();
            let _ = epmd.wait();
        }
    }
}

/// An administrator, and a gate as `docs/src/tests.md` sets it up.
fn accounts() -> Value {
    let rights = |user: &str, [configure, write, read]: [&str; 3]| json!({"user": user, "vhost": "/", "configure": configure, "write": write, "read": read});
    json!({
        "vhosts": [{"name": "/"}],
        "users": [
            {"name": "guest", "password": "guest", "tags": ["administrator"]},
            {"name": "gate", "password": "s3cr3t", "tags": []},
        ],
        "permissions": [rights("guest", [".*"; 3]), rights("gate", ["^debci-", r"^amq\.default$", "^$"])],
    })
}

fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime can be made").block_on(work)
}

/// The user and group as whom the broker runs, where we are root.
fn account() -> Option<(u32, u32)> {
    if !nix::unistd::geteuid().is_root() {
        return None;
    }
    let accounts = fs::read_to_string("/etc/passwd").ok()?;
    let line = accounts.lines().find(|line| line.starts_with("rabbitmq:"))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

fn free_ports<const N: usize>() -> [u16; N] {
    let listeners = [(); N].map(|()| TcpListener::bind("127.0.0.1:0").expect("loopback has a free port"));
    listeners.map(|listener| listener.local_addr().expect("it has an address").port())
}
