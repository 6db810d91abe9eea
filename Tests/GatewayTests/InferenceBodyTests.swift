import NIOCore
import RolloutCore
import Testing

@testable import Gateway

@Suite struct InferenceBodyTests {
    @Test func aMissingIDIsPutIn() throws {
        let body = ByteBuffer(string: #" { "inputs" : [] }"#)
        let request = try InferenceRequest(body)
        #expect(request.id == nil)
        #expect(
            String(buffer: request.body(body, named: "p1")) == #" {"id":"p1", "inputs" : [] }"#)
    }

    @Test func aGivenIDStays() throws {
        let body = ByteBuffer(string: #"{"inputs":[{"id":"inner"}],"id":"A\"\u00e9"}"#)
        let request = try InferenceRequest(body)
        #expect(request.id == "A\"é")
        #expect(request.body(body, named: "p1") == body)
    }

    @Test(arguments: [
        "", "[]", "null", "{", #"{"id":"a"}"#, #"{"id":1,"inputs":[]}"#, #"{"inputs":[}"#,
        #"{"inputs":[]} x"#, #"{"inputs":[],"id":"a","id":"b"}"#, #"{"inputs":{}}"#,
        #"{"inputs":["\"#, #"{"inputs":[]"#, #"{"id":"\ud800","inputs":[]}"#,
        #"{"inputs":"# + String(repeating: "[", count: 100_000),
    ])
    func whatIsNoRequestIsRefused(_ text: String) {
        #expect(throws: InferenceRequest.Problem.self) {
            try InferenceRequest(ByteBuffer(string: text))
        }
    }

    @Test(
        arguments: [
            (
                #"{"outputs":[{"name":"label","data":["hde"]},{"name":"confidence","data":[0.93]}]}"#,
                "hde", 0.93
            ),
            (#"{"outputs":[{"data":[3],"name":"class"},{"name":"other","data":[1]}]}"#, "3", nil),
            (#"{"outputs":[{"name":"y","data":[[1.5,2],[3]]}]}"#, "1.5,2,3", nil),
            (
                #"{"outputs":[{"name":"label","data":["a","b"]},{"name":"confidence","data":[0.9,0.4]}]}"#,
                "a,b", 0.4
            ),
            (
                #"{"outputs":[{"name":"label","data":["a"]},{"name":"confidence","data":[NaN]}]}"#,
                "a", nil
            ),
        ] as [(String, String, Double?)])
    func outputAndConfidenceAreRead(_ text: String, _ output: String, _ confidence: Double?) throws
    {
        let answer = try #require(InferenceAnswer(ByteBuffer(string: text)))
        #expect(answer.output == output)
        #expect(answer.confidence == confidence.flatMap { FiniteDouble($0) })
    }

    @Test(
        arguments: [
            (#"{"parameters":{"digest":"ab"},"outputs":[{"name":"y","data":[1]}]}"#, "ab"),
            (
                #"{"outputs":[{"name":"y","data":[1]}],"parameters" : {"x":[1],"digest":"ab"}}"#,
                "ab"
            ),
            (#"{"parameters":{},"outputs":[{"name":"y","data":[1],"digest":"z"}]}"#, nil),
            (#"{"parameters":null,"outputs":[{"name":"y","data":[1]}]}"#, nil),
            (#"{"parameters":{"digest":null},"outputs":[{"name":"y","data":[1]}]}"#, nil),
            (#"{"digest":"ab","outputs":[{"name":"y","data":[1]}]}"#, nil),
        ] as [(String, String?)])
    func theDigestIsRead(_ text: String, _ digest: String?) throws {
        #expect(try #require(InferenceAnswer(ByteBuffer(string: text))).digest == digest)
    }

    @Test func aLongOutputIsToldByItsHash() throws {
        func output(_ last: Int) throws -> String? {
            let data = (Array(repeating: 7, count: 999) + [last]).map(String.init)
            let text = #"{"outputs":[{"name":"y","data":[\#(data.joined(separator: ","))]}]}"#
            return try #require(InferenceAnswer(ByteBuffer(string: text))).output
        }
        #expect(try output(1)?.hasPrefix("hash:") == true)
        #expect(try output(1) == output(1))
        #expect(try output(1) != output(2))
    }

    @Test(arguments: [
        "", "{}", #"{"outputs":[]}"#, #"{"outputs":[{"name":"label","data":[]}]}"#,
        #"{"outputs":[{"name":"label"}]}"#, #"{"outputs":[{"name":"label","data":["a"]}]"#,
        "<html>", #"{"error":"no"}"#,
    ])
    func whatIsNoAnswerIsRefused(_ text: String) {
        #expect(InferenceAnswer(ByteBuffer(string: text)) == nil)
    }

    @Test func anyBytesAreSurvived() {
        var state: UInt64 = 7
        let seed = Array(#"{"id":"a\u00e9","inputs":[{"name":"x","data":[1,-2.5e3,null]}]}"#.utf8)
        for _ in 0..<20_000 {
            var bytes = seed
            for _ in 0..<3 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let index = Int(state >> 33) % bytes.count
                bytes[index] = UInt8(truncatingIfNeeded: state >> 20)
                if state >> 60 == 3 { bytes.removeLast(min(bytes.count - 1, Int(state >> 58 & 3))) }
            }
            _ = try? InferenceRequest(ByteBuffer(bytes: bytes))
            _ = InferenceAnswer(ByteBuffer(bytes: bytes))
        }
    }

    @Test(arguments: [
        ("/v2/models/m/infer", InferencePath.infer("m", version: nil)),
        ("/v2/models/m/versions/1.0/infer?x=1", .infer("m", version: "1.0")),
        ("/v2/models/m/ready", .modelReady("m", version: nil)),
        ("/v2/models/m/versions/1", .model("m", version: "1")), ("/v2", .server),
        ("/v2/health/live", .live), ("/v2/health/ready", .ready),
    ])
    func pathsAreRead(_ uri: String, _ path: InferencePath) {
        #expect(InferencePath(uri) == path)
    }

    @Test(arguments: [
        "", "/", "/v1/models/m/infer", "/v2/models", "/v2/models/m/versions",
        "/v2/models/m/versions/1/infer/x", "/v2/models/m/delete",
        "/v2/models/" + String(repeating: "m", count: 600),
    ])
    func otherPathsAreRefused(_ uri: String) { #expect(InferencePath(uri) == nil) }

    @Test(arguments: [
        "https://a:1", "http://", "http://a:0", "http://a:70000", "http://a/b", "http://a:1:2",
        "http://u@a", "http://a b", "a:80", "http://[::1", "http://a\r\n",
    ])
    func otherEndpointsAreRefused(_ text: String) { #expect(Endpoint(text) == nil) }

    @Test func endpointsAreRead() {
        #expect(Endpoint("http://m-1.x:8080/")?.port == 8_080)
        #expect(Endpoint("http://m")?.port == 80)
        #expect(Endpoint("http://[::1]:9")?.host == "::1")
    }
}
