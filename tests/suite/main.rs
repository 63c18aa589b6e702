//! One binary, many modules: suites across services, against the running stack.
