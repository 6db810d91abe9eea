import ArgumentParser
import Secrets

extension LiveSecret {
    /// The secret in a file that an option or a configuration names.
    ///
    /// - Throws: `ValidationError`, which ends the program with 64.
    static func named(_ path: String) throws -> LiveSecret {
        do { return try LiveSecret(file: path) } catch {
            throw ValidationError("\(error): is it there, and may this user read it?")
        }
    }
}
