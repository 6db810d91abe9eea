import Foundation
import Testing

/// What no source file may hold.
@Suite struct SourceTests {
    private struct Ban {
        let pattern: String
        let why: String
        /// Files below these are let off.
        var except: [String] = []
    }

    private static let bans = [
        Ban(pattern: #"\btry!"#, why: "throw, or handle it"),
        Ban(pattern: #"\bas!"#, why: "use `as?` and say what was expected"),
        Ban(pattern: #"\bfatalError\("#, why: "never on outside data; use precondition elsewhere"),
        Ban(
            pattern: #"(^|[{;:=] )print\("#, why: "log it, or return it",
            except: [
                "Sources/gatewright/Approving/", "Sources/gatewright/Auditing/",
                "Sources/gatewright/Commands/", "Sources/gatewright/Demo/",
                "Sources/gatewright/Planning/", "Sources/gatewright/Simulating/",
            ]),
        Ban(pattern: #"\b(TODO|FIXME|XXX|HACK)\b"#, why: "do it, or open an issue"),
        Ban(pattern: #"@unchecked Sendable"#, why: "say it in types"),
        Ban(
            pattern: #"(/home/|/Users/|/root/|C:\\Users)"#, why: "nobody else has that path"),
        Ban(
            pattern: #"\bDate\(\)"#, why: "take the time as an argument",
            except: [
                "Sources/gatewright/", "Sources/Gateway/", "Sources/ReferenceFleet/",
            ]),
    ]

    @Test(arguments: bans.indices) func bannedWords(_ index: Int) throws {
        let ban = Self.bans[index]
        let pattern = try Regex(ban.pattern)
        for file in try Repository.swift(below: "Sources")
        where !ban.except.contains(where: file.path.hasPrefix) {
            for (number, line) in file.lines.enumerated() {
                let code = line.trimmingCharacters(in: .whitespaces)
                guard !code.hasPrefix("//"), code.contains(pattern) else { continue }
                Issue.record("\(file.path):\(number + 1): \(code); \(ban.why)")
            }
        }
    }

    // The bans find what they are for, or they would pass on anything.
    @Test(arguments: [
        (0, "let x = try! read()"), (1, "x as! Int"), (2, "fatalError(\"no\")"),
        (3, "print(\"x\")"), (3, "for line in lines { print(line) }"), (4, "// TODO: later"),
        (5, "class A: @unchecked Sendable {}"),
        (6, "let path = \"/home/me/x\""), (7, "let now = Date()"),
    ]) func bansBite(_ index: Int, _ line: String) throws {
        #expect(line.contains(try Regex(Self.bans[index].pattern)))
    }

    @Test func commentsPromiseNothing() throws {
        let pattern = try Regex(Self.bans[4].pattern)
        for folder in ["Sources", "Tests"] {
            for file in try Repository.swift(below: folder)
            where !file.path.hasPrefix("Tests/TidyTests/") {
                for (number, line) in file.lines.enumerated() where line.contains(pattern) {
                    Issue.record("\(file.path):\(number + 1): \(line)")
                }
            }
        }
    }

    @Test func filesFitAHead() throws {
        let files = try Repository.swift(below: "Sources")
        #expect(files.count > 100)
        for file in files {
            #expect(file.lines.count <= 400, "\(file.path) has \(file.lines.count) lines")
        }
    }

    // A folder is a concept of the product, never a kind of code.
    @Test func foldersAreConcepts() throws {
        let kinds = ["utils", "util", "helpers", "helper", "models", "managers", "common", "misc"]
        for folder in ["Sources", "Tests"] {
            for file in try Repository.swift(below: folder) {
                let parts = file.path.lowercased().split(separator: "/").dropLast().map(String.init)
                #expect(Set(parts).isDisjoint(with: kinds), "\(file.path)")
            }
        }
    }

    // One of ours may run in a container of another machine: no test may need this one.
    @Test func testsNameNoMachine() throws {
        let pattern = try Regex(#"(/home/|/Users/|/root/)"#)
        for file in try Repository.swift(below: "Tests")
        where !file.path.hasPrefix("Tests/TidyTests/") {
            for (number, line) in file.lines.enumerated() where line.contains(pattern) {
                Issue.record("\(file.path):\(number + 1): \(line)")
            }
        }
    }
}
