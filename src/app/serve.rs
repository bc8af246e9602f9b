//! The HTTP server around the house.

use std::net::TcpListener;
use std::sync::OnceLock;

use actix_web::dev::Server;
use actix_web::{App, HttpServer};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use super::routes::House;
use crate::store::StoreError;

/// Connections that may be open at once, for each worker.
const CONNECTIONS_MAX: usize = 4096;

/// Figures of this process; the recorder is global, so there is one.
pub fn figures() -> Option<PrometheusHandle> {
    static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    HANDLE.get_or_init(|| PrometheusBuilder::new().install_recorder().ok()).clone()
}

/// What ends a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stops {
    /// SIGINT, SIGTERM and the like.
    OnSignal,
    /// Its handle only.
    ByHandle,
}

/// The server on a listener, not running yet; called inside a system of actix.
pub fn listen(house: House, listener: TcpListener, workers: usize, stops: Stops) -> Result<Server, StoreError> {
    let server = HttpServer::new(move || {
        let house = house.clone();
        App::new().configure(move |config| house.configure(config))
    })
    .workers(workers.max(1))
    .max_connections(CONNECTIONS_MAX)
    .shutdown_timeout(10)
    .listen(listener)
    .map_err(failed)?;
    Ok(match stops {
        Stops::OnSignal => server.run(),
        Stops::ByHandle => server.disable_signals().run(),
    })
}

/// Serves until the process is told to stop.
pub fn run(house: House, listener: TcpListener, workers: usize) -> Result<(), StoreError> {
    actix_web::rt::System::new().block_on(async move { listen(house, listener, workers, Stops::OnSignal)?.await.map_err(failed) })
}

fn failed(error: std::io::Error) -> StoreError {
    StoreError::Setup(format!("server: {error}"))
}
