import Foundation
import RolloutCore
import RolloutFiles
import Testing

@Suite struct CanonicalJSONTests {
    private func code(_ text: String) -> CanonicalJSONError.Code? {
        do {
            _ = try CanonicalJSON.parse(Array(text.utf8))
            return nil
        } catch {
            return error.code
        }
    }

    @Test(arguments: [
        (#"{"a":1,"a":2}"#, CanonicalJSONError.Code.duplicateKey),
        ("{\"caf\u{E9}\":1,\"cafe\u{301}\":2}", .duplicateKey),
        (#"{"a":1,"\u0061":2}"#, .duplicateKey),
        ("1.0", .number), ("1e2", .number), ("-0", .number), ("01", .number), ("1.50", .number),
        ("1e999", .number), ("+1", .syntax), ("NaN", .syntax), ("-", .number),
        (#""\ud800""#, .loneSurrogate), (#""\udc00\ud800""#, .loneSurrogate),
        (#""\ud800\u0041""#, .loneSurrogate), ("\"a\nb\"", .syntax), ("[1,]", .syntax),
        ("[1 2]", .syntax), ("{}x", .syntax), ("", .syntax), ("'a'", .syntax), ("\"", .syntax),
        ("\"\\", .syntax), ("\"\\u12", .syntax), ("{\"a\"}", .syntax), ("tru", .syntax),
    ])
    func unsoundJSONIsRefused(_ text: String, _ expected: CanonicalJSONError.Code) {
        #expect(code(text) == expected)
    }

    @Test func depthAndSizeAreBounded() {
        #expect(code(String(repeating: "[", count: 100_000)) == .tooDeep)
        #expect(throws: CanonicalJSONError.self) {
            try CanonicalJSON.parse([UInt8](repeating: 0x20, count: 11), sizeLimit: 10)
        }
        #expect(throws: CanonicalJSONError.self) {
            try CanonicalJSON.parse([0x22, 0xC0, 0xAF, 0x22])
        }
    }

    @Test(arguments: [
        "null", "true", "0", "-1", "9223372036854775807", "-9223372036854775808",
        "18446744073709551615", "0.1", "-2.5", "1e+20", "5e-324", "1.7976931348623157e+308",
        #""a\"\\\n\u0001é😀""#, "[]", "{}", #"[1,[2,{"a":null}]]"#, #"{"a":1,"b":[true,false]}"#,
    ])
    func canonicalTextComesBackAsItIs(_ text: String) throws {
        let value = try CanonicalJSON.parseCanonical(Array(text.utf8))
        #expect(value.compact == Array(text.utf8))
        #expect(try CanonicalJSON.parse(value.pretty) == value)
        #expect(try CanonicalJSON.parseCanonical(value.pretty) == value)
    }

    @Test(arguments: [#"{"b":1,"a":2}"#, #"{ "a": 1 }"#, #""\u0041""#, #""\/""#])
    func otherFormsOfTheSameValueAreNotCanonical(_ text: String) {
        #expect(throws: CanonicalJSONError.self) {
            try CanonicalJSON.parseCanonical(Array(text.utf8))
        }
    }

    @Test func keysAreInTheOrderOfTheirBytes() throws {
        let value: CanonicalJSON = ["z": 1, "é": 2, "a": 3, "Z": 4, "😀": 5, "\u{FFFD}": 6]
        let text = String(validating: value.compact, as: UTF8.self)
        #expect(text == "{\"Z\":4,\"a\":3,\"z\":1,\"é\":2,\"\u{FFFD}\":6,\"😀\":5}")
    }

    @Test func prettyFormHasOneKeyALine() {
        let value: CanonicalJSON = ["b": [1, 2], "a": ["c": []], "d": [:]]
        let expected = """
            {
              "a": {
                "c": []
              },
              "b": [
                1,
                2
              ],
              "d": {}
            }

            """
        #expect(String(validating: value.pretty, as: UTF8.self) == expected)
    }

    private struct Numbers: Codable, Equatable {
        var least = Int64.min
        var most = Int64.max
        var unit = UInt64.max
        var beyond53 = Int64(9_007_199_254_740_993)
        var third = 1.0 / 3
        var whole = 5.0
        var large = 1e20
        var tiny = Double.leastNonzeroMagnitude
    }

    @Test func numbersSurviveExactly() throws {
        let json = try CanonicalJSON.encode(Numbers())
        #expect(json["whole"] == .integer(5))
        #expect(try CanonicalJSON.decode(Numbers.self, from: json.pretty) == Numbers())
        #expect(try CanonicalJSON.decode(Numbers.self, from: json.compact) == Numbers())
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity])
    func numbersThatAreNoneAreRefused(_ number: Double) {
        #expect(throws: CanonicalJSONError.self) { try CanonicalJSON.encode(["a": number]) }
    }

    private struct Everything: Codable, Equatable {
        enum Shape: Codable, Equatable {
            case plain
            case named(width: Int, text: String?)
            case unnamed(Double, [Bool])
        }

        var flag = true
        var small = Int8(-7)
        var narrow = UInt16(9)
        var large = UInt64.max - 1
        var third = 1.0 / 3
        var beyond53 = 9_007_199_254_740_994.0
        var huge = 1e300
        var nothing: Int?
        var something: String? = "a \"b\" \\ \n é"
        var shapes = [Shape.plain, .named(width: 3, text: nil), .unnamed(0.5, [true, false])]
        var counts = [3: 4, -1: 0]
        var names = ["b": [1, 2], "a": []]
        var bytes: [UInt8] = [0, 255]
    }

    /// What is written straight is what Foundation would have written by way of text.
    @Test func valuesAreEncodedAndDecodedAsFoundationDoes() throws {
        let foundation = JSONEncoder()
        foundation.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let expected = Array(try foundation.encode(Everything()))
        let json = try CanonicalJSON.encode(Everything())
        #expect(json.compact == expected)
        #expect(try CanonicalJSON.parse(expected) == json)
        #expect(try json.decode(Everything.self) == Everything())
        #expect(try CanonicalJSON.decode(Everything.self, from: expected) == Everything())
    }

    @Test(arguments: [
        (#"{"a":1.5}"#, "a"), (#"{"a":300}"#, "a"), (#"{}"#, "a"), (#"{"a":null}"#, "a"),
        (#"[]"#, "the value"),
    ])
    func shapesThatDoNotFitAreRefused(_ text: String, _ place: String) {
        struct Small: Codable { let a: UInt8 }
        do {
            _ = try CanonicalJSON.decode(Small.self, from: Array(text.utf8))
            Issue.record("\(text) was taken")
        } catch {
            #expect(error.code == .shape)
            #expect(error.message.contains(place))
        }
    }

    @Test func wrongShapesAreExplained() {
        do {
            _ = try CanonicalJSON.decode([String: Int].self, from: Array(#"{"a":"x"}"#.utf8))
            Issue.record("text was taken for a number")
        } catch {
            #expect(error.code == .shape)
            #expect("\(error)".contains("a:"))
        }
    }

    @Test func specificationsComeBackEqual() throws {
        let project = ProjectFiles.check(files: try TestFiles.project())
        for rollout in project.rollouts.values {
            let spec = try #require(rollout.spec)
            let bytes = try CanonicalJSON.encode(spec).pretty
            #expect(try CanonicalJSON.decode(RolloutSpec.self, from: bytes) == spec)
            for set in rollout.guardrails {
                let bytes = try CanonicalJSON.encode(set).compact
                #expect(try CanonicalJSON.decode(GuardrailSet.self, from: bytes) == set)
            }
            for version in rollout.versions.values {
                let bytes = try CanonicalJSON.encode(version).pretty
                #expect(try CanonicalJSON.decode(ModelVersion.self, from: bytes) == version)
            }
        }
    }
}
