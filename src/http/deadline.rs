//! A time limit for everything that is sent and read on a connection. ureq starts its limits anew with each read of a handshake or of
//! a proxy's answer, so a server that sends one byte at a time could hold it for hours.

use std::time::{Duration, Instant};

use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};
use ureq::{Error, Timeout};

/// Sets the limit for the transport below it.
#[derive(Debug)]
pub(super) struct DeadlineConnector {
    pub at: Instant,
}

impl<In: Transport> Connector<In> for DeadlineConnector {
    type Out = Limited<In>;

    fn connect(&self, _: &ConnectionDetails<'_>, chained: Option<In>) -> Result<Option<Self::Out>, Error> {
        Ok(chained.map(|transport| Limited { transport, at: self.at }))
    }
}

#[derive(Debug)]
pub(super) struct Limited<In> {
    transport: In,
    at: Instant,
}

impl<In> Limited<In> {
    /// The time until the limit, if that is shorter. An error after the limit.
    fn limit(&self, timeout: NextTimeout) -> Result<NextTimeout, Error> {
        let left = self.at.saturating_duration_since(Instant::now());
        match () {
            () if left == Duration::ZERO => Err(Error::Timeout(Timeout::Global)),
            () if left < *timeout.after => Ok(NextTimeout { after: left.into(), reason: Timeout::Global }),
            () => Ok(timeout),
        }
    }
}

impl<In: Transport> Transport for Limited<In> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.transport.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let timeout = self.limit(timeout)?;
        self.transport.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let timeout = self.limit(timeout)?;
        self.transport.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.transport.is_open()
    }

    fn is_tls(&self) -> bool {
        self.transport.is_tls()
    }
}
