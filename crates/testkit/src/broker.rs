//! A RabbitMQ of one test: its own node, ports, cookie and folders, ended with it.

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use futures_util::StreamExt as _;
use lapin::message::Delivery;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicGetOptions, BasicPublishOptions, ConfirmSelectOptions, QueueBindOptions,
    QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties, Consumer};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid, User};
use tempfile::TempDir;

const SERVER: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";
const CONTROL: &str = "/usr/lib/rabbitmq/bin/rabbitmqctl";
/// A consumer that hears nothing for so long asks on another connection, and so often.
const SILENCE: Duration = Duration::from_secs(15);
const PATIENCE: u32 = 8;

/// One who may do everything, and one who may ask for the tests of packages and do nothing else.
const ACCOUNTS: &str = r#"{
    "vhosts": [{"name": "/"}],
    "users": [
        {"name": "guest", "password": "guest", "tags": ["administrator"]},
        {"name": "gate", "password": "s3cr3t", "tags": []}
    ],
    "permissions": [
        {"user": "guest", "vhost": "/", "configure": ".*", "write": ".*", "read": ".*"},
        {"user": "gate", "vhost": "/", "configure": "^debci-", "write": "^amq\\.default$", "read": "^$"}
    ]
}"#;

/// The broker. Dropping it ends it.
pub struct Broker {
    node: Option<Child>,
    names: Child,
    folder: TempDir,
    port: u16,
    distribution: u16,
    names_port: u16,
}

/// A message that lay in a queue.
#[derive(Debug, Clone)]
pub struct Received {
    /// Under what it was published.
    pub routing_key: String,
    /// Its body as text.
    pub body: String,
    /// All that is not the body.
    pub properties: BasicProperties,
}

impl Broker {
    /// Starts a broker; nothing where it is not installed, which is counted.
    ///
    /// # Panics
    ///
    /// It is installed and does not start.
    pub async fn start() -> Option<Self> {
        if !Path::new(SERVER).exists() {
            crate::database::note_skip();
            return None;
        }
        let folder =
            tempfile::Builder::new().prefix("tidegate-rabbitmq-").tempdir_in("/tmp").expect("/tmp can be written");
        if let Some(user) = server_user() {
            chown(folder.path(), Some(user.uid.as_raw()), Some(user.gid.as_raw()))
                .expect("root may give a folder away");
        }
        let [port, distribution, names_port] = free_ports();
        let names = Command::new("epmd")
            .args(["-port", &names_port.to_string(), "-address", "127.0.0.1"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("epmd can be started");
        let mut broker = Self { node: None, names, folder, port, distribution, names_port };
        broker.start_again().await;
        Some(broker)
    }

    /// Starts it after it was stopped, with what it had kept.
    ///
    /// # Panics
    ///
    /// It does not start.
    pub async fn start_again(&mut self) {
        let path = |name: &str| self.folder.path().join(name);
        let is_new = !path("mnesia").exists();
        let definitions = format!("load_definitions = {}\n", path("definitions.json").display());
        let accounts = if is_new { definitions } else { String::new() };
        let config = format!(
            "listeners.tcp.default = 127.0.0.1:{}\nloopback_users = none\nmax_message_size = 65536\n{accounts}",
            self.port
        );
        fs::write(path("rabbitmq.conf"), config).expect("the folder can be written");
        fs::write(path("definitions.json"), ACCOUNTS).expect("the folder can be written");
        fs::write(path("enabled_plugins"), "[].\n").expect("the folder can be written");
        let mut command = self.command(SERVER);
        let log = File::options().create(true).append(true).open(path("log")).expect("the folder can be written");
        let node = command
            .env("RABBITMQ_NODE_PORT", self.port.to_string())
            .env("RABBITMQ_DIST_PORT", self.distribution.to_string())
            .env("RABBITMQ_CONFIG_FILE", path("rabbitmq.conf"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", path("enabled_plugins"))
            .env("RABBITMQ_MNESIA_BASE", path("mnesia"))
            .env("RABBITMQ_LOG_BASE", path("logs"))
            .env("RABBITMQ_PID_FILE", path("pid"))
            .env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "-kernel inet_dist_use_interface {127,0,0,1}")
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a file can be shared"))
            .stderr(log)
            .spawn()
            .expect("the broker can be started");
        self.node = Some(node);
        for _ in 0..600 {
            // while it starts it may take a connection and say nothing on it
            let url = self.url();
            let connecting = Connection::connect(&url, ConnectionProperties::default());
            if let Ok(Ok(_)) = tokio::time::timeout(Duration::from_secs(5), connecting).await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the broker does not answer:\n{}", fs::read_to_string(path("log")).unwrap_or_default());
    }

    /// Ends it as a power failure would; what it confirmed as kept is kept.
    pub fn stop(&mut self) {
        // The script has a child, which knows its own number.
        let pid = fs::read_to_string(self.folder.path().join("pid")).unwrap_or_default();
        if let Ok(pid) = pid.trim().parse() {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
        if let Some(mut node) = self.node.take() {
            let _ = node.kill();
            let _ = node.wait();
        }
        let _ = fs::remove_file(self.folder.path().join("pid"));
    }

    /// A program of the broker, which finds the node by its name and cookie.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        if let Some(user) = server_user() {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        command
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("HOME", self.folder.path())
            .env("LANG", "C.UTF-8")
            .env("RABBITMQ_NODENAME", format!("tidegate{}@localhost", self.port))
            .env("RABBITMQ_CONF_ENV_FILE", self.folder.path().join("none"))
            .env("ERL_EPMD_PORT", self.names_port.to_string())
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            .stdin(Stdio::null());
        command
    }

    /// Has it take no more messages, as if its memory were full; or take them again.
    ///
    /// # Panics
    ///
    /// It is away.
    pub fn block(&self, is_blocked: bool) {
        let share = if is_blocked { "0.00001" } else { "0.6" };
        let said = self.command(CONTROL).args(["set_vm_memory_high_watermark", share]).output();
        let said = said.expect("the broker can be told");
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    }

    /// Its URL, for the account that may do everything.
    pub fn url(&self) -> String {
        self.url_for("guest", "guest")
    }

    /// Its URL for an account. `gate` with the password `s3cr3t` has the rights that the book calls enough for migrate.
    pub fn url_for(&self, user: &str, password: &str) -> String {
        format!("amqp://{user}:{password}@{}", self.address())
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Makes a queue that outlives the broker, for what is published under such keys; perhaps one that refuses more than so
    /// many messages.
    ///
    /// # Panics
    ///
    /// The broker is away.
    pub async fn queue(&self, name: &str, exchange: &str, keys: &str, most: Option<i32>) {
        let mut arguments = FieldTable::default();
        if let Some(most) = most {
            arguments.insert("x-max-length".into(), AMQPValue::LongInt(most));
            arguments.insert("x-overflow".into(), AMQPValue::LongString("reject-publish".into()));
        }
        self.make_queue(name, exchange, keys, arguments).await;
    }

    async fn make_queue(&self, name: &str, exchange: &str, keys: &str, arguments: FieldTable) {
        let (connection, channel) = self.channel().await;
        let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
        channel.queue_declare(name.into(), durable, arguments).await.expect("a queue can be made");
        let (options, none) = (QueueBindOptions::default(), FieldTable::default());
        let bound = channel.queue_bind(name.into(), exchange.into(), keys.into(), options, none).await;
        bound.expect("a queue can be bound");
        let _ = connection.close(200, "done".into()).await;
    }

    /// The same, whose refused messages go to that exchange.
    ///
    /// # Panics
    ///
    /// The broker is away.
    pub async fn queue_with_dead_letters(&self, name: &str, exchange: &str, keys: &str, dead: &str) {
        let mut arguments = FieldTable::default();
        arguments.insert("x-dead-letter-exchange".into(), AMQPValue::LongString(dead.into()));
        self.make_queue(name, exchange, keys, arguments).await;
    }

    /// Takes everything out of a queue.
    ///
    /// # Panics
    ///
    /// There is no such queue, or the broker is away.
    pub async fn take(&self, queue: &str) -> Vec<Received> {
        self.take_if_there(queue).await.expect("there is such a queue")
    }

    /// Takes everything out of a queue; nothing if there is no such queue.
    ///
    /// # Panics
    ///
    /// The broker is away.
    pub async fn take_if_there(&self, queue: &str) -> Option<Vec<Received>> {
        let (connection, channel) = self.channel().await;
        let mut all = Vec::new();
        while let Some(got) = channel.basic_get(queue.into(), BasicGetOptions::default()).await.ok()? {
            got.delivery.ack(BasicAckOptions::default()).await.expect("a message can be taken");
            all.push(Received::of(&got.delivery));
        }
        let _ = connection.close(200, "done".into()).await;
        Some(all)
    }

    /// Hears a queue until the test has enough.
    ///
    /// # Panics
    ///
    /// There is no such queue, the broker is away, or nothing comes for two minutes.
    pub async fn hear(&self, queue: &str, mut is_enough: impl FnMut(&Received) -> bool) -> Vec<Received> {
        let (mut connection, mut consumer) = self.consumer(queue).await;
        let (mut all, mut silent) = (Vec::new(), 0);
        loop {
            let Ok(next) = tokio::time::timeout(SILENCE, consumer.next()).await else {
                silent += 1;
                assert!(silent < PATIENCE, "nothing comes behind {} messages", all.len());
                // who hears nothing cannot tell a broker that is silent from a connection that is dead
                let _ = tokio::time::timeout(SILENCE, connection.close(200, "silent".into())).await;
                (connection, consumer) = self.consumer(queue).await;
                continue;
            };
            silent = 0;
            let delivery = next.expect("the broker is there").expect("the broker is there");
            delivery.acker.ack(BasicAckOptions::default()).await.expect("a message can be taken");
            all.push(Received::of(&delivery));
            if all.last().is_some_and(&mut is_enough) {
                let _ = connection.close(200, "done".into()).await;
                return all;
            }
        }
    }

    async fn consumer(&self, queue: &str) -> (Connection, Consumer) {
        let (connection, channel) = self.channel().await;
        let (how, none) = (BasicConsumeOptions::default(), FieldTable::default());
        let consumer = channel.basic_consume(queue.into(), "testkit".into(), how, none).await;
        (connection, consumer.expect("there is such a queue"))
    }

    /// Publishes, with an id if there is one, and waits until the broker has it.
    ///
    /// # Panics
    ///
    /// The broker is away.
    pub async fn publish(&self, exchange: &str, key: &str, id: Option<&str>, body: &[u8]) {
        let (connection, channel) = self.channel().await;
        channel.confirm_select(ConfirmSelectOptions::default()).await.expect("it confirms");
        let properties =
            id.map_or(BasicProperties::default(), |id| BasicProperties::default().with_message_id(id.into()));
        let published =
            channel.basic_publish(exchange.into(), key.into(), BasicPublishOptions::default(), body, properties);
        published.await.expect("it is taken").await.expect("it is confirmed");
        let _ = connection.close(200, "done".into()).await;
    }

    async fn channel(&self) -> (Connection, Channel) {
        let connection = Connection::connect(&self.url(), ConnectionProperties::default()).await;
        let connection = connection.expect("the broker answers");
        let channel = connection.create_channel().await.expect("a channel can be made");
        (connection, channel)
    }
}

impl Received {
    fn of(delivery: &Delivery) -> Self {
        Self {
            routing_key: delivery.routing_key.to_string(),
            body: String::from_utf8_lossy(&delivery.data).into_owned(),
            properties: delivery.properties.clone(),
        }
    }

    /// A header that is a text.
    pub fn header(&self, name: &str) -> Option<String> {
        let headers = self.properties.headers().as_ref()?;
        let text = headers.inner().get(name)?.as_long_string()?;
        Some(String::from_utf8_lossy(text.as_bytes()).into_owned())
    }

    /// Its id.
    pub fn id(&self) -> String {
        self.properties.message_id().as_ref().map(ToString::to_string).unwrap_or_default()
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.stop();
        let _ = self.names.kill();
        let _ = self.names.wait();
    }
}

/// As whom the broker runs, where we are root.
fn server_user() -> Option<User> {
    Uid::effective().is_root().then(|| User::from_name("rabbitmq").ok().flatten()).flatten()
}

fn free_ports<const N: usize>() -> [u16; N] {
    let listeners = [(); N].map(|()| TcpListener::bind("127.0.0.1:0").expect("loopback has a free port"));
    listeners.map(|listener| listener.local_addr().expect("it has an address").port())
}
