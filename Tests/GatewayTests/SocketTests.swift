import Testing

/// Everything that opens sockets and watches the time, one test after another: tests that fight
/// for two cores would measure each other.
@Suite(.serialized) struct SocketTests {
    @Suite struct Serving {}
    @Suite struct Mirror {}
    @Suite struct Admin {}
    @Suite struct Robustness {}
    @Suite struct Observing {}
}
