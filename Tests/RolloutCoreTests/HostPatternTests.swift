import RolloutCore
import Testing

@Suite struct HostPatternTests {
    @Test(arguments: [
        ("models.example.org", "models.example.org", true),
        ("Models.Example.org", "mODELS.example.ORG", true),
        ("models.example.org", "a.models.example.org", false),
        ("*.example.org", "a.example.org", true), ("*.example.org", "a.b.example.org", true),
        ("*.example.org", "example.org", false), ("*.example.org", ".example.org", false),
        ("*.example.org", "evilexample.org", false), ("*.example.org", "a.example.org.", false),
        ("*.example.org", "a.example.org.evil.net", false),
        ("10.0.3.7", "10.0.3.7", true), ("10.0.3.7", "10.0.3.70", false),
        ("127.0.0.1", "2130706433", false),
    ])
    func covers(_ pattern: String, _ host: String, _ isCovered: Bool) throws {
        #expect(try #require(HostPattern(pattern)).covers(host) == isCovered)
    }

    @Test(arguments: [
        "", "*", "*.", "*example.org", "a.*.org", ".example.org", "example.org.", "a..b", "a b",
        "http://a", "a:80", "caf\u{E9}.org", String(repeating: "a.", count: 200) + "a",
    ])
    func whatIsNoHostIsRefused(_ text: String) {
        #expect(HostPattern(text) == nil)
    }
}
