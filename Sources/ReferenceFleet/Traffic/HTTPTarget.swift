import Foundation

/// A base address, `http://host:port` with an optional path.
package struct HTTPTarget: Sendable, Hashable {
    package let host: String
    package let port: Int
    /// Empty, or a path that begins with a slash and does not end with one.
    package let prefix: String

    /// `nil` unless the text is an `http` address with a host.
    package init?(_ text: String) {
        guard let parts = URLComponents(string: text), parts.scheme == "http",
            let host = parts.host, !host.isEmpty, parts.query == nil, parts.user == nil
        else { return nil }
        self.host = host
        port = parts.port ?? 80
        prefix = parts.path.hasSuffix("/") ? String(parts.path.dropLast()) : parts.path
    }
}
