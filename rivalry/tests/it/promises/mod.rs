//! The promises of reliability, each with the test that proves it. Anomalies
//! come at every point first and at random points second. With
//! `RIVALRY_SOAK=1` the same code runs with bigger figures.

mod disks;
mod p01_kill_nine;
mod p02_every_write;
mod p06_every_byte;
mod p07_shared_store;
mod p08_full_disk;
mod p10_doctor;
mod p20_divergence;
mod p28_links;
mod real;
mod toy;

/// One figure for every change, another for a soak.
fn figure(usually: usize, soak: usize) -> usize {
    if std::env::var_os("RIVALRY_SOAK").is_some() { soak } else { usually }
}
