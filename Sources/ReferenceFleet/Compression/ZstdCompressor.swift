import CZstd

/// Owns one libzstd compression context and its output buffer.
struct ZstdCompressor: ~Copyable {
    private let context: OpaquePointer
    private var output: [UInt8] = []

    init() throws(ZstdError) {
        guard let context = ZSTD_createCCtx() else {
            throw ZstdError(operation: "create a context", message: "out of memory")
        }
        self.context = context
    }

    deinit { ZSTD_freeCCtx(context) }

    /// Compresses one frame. With a prefix, long matches are looked for over all of it.
    mutating func compress(
        _ input: ArraySlice<UInt8>, level: Int32, prefix: [UInt8]? = nil
    ) throws(ZstdError) -> ArraySlice<UInt8> {
        let bound = ZSTD_compressBound(input.count)
        if output.count < bound { output = [UInt8](repeating: 0, count: bound) }
        try check(ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters), "reset")
        try check(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level), "set the level")
        if let prefix {
            try check(
                ZSTD_CCtx_setParameter(context, ZSTD_c_enableLongDistanceMatching, 1),
                "turn on long matches")
            try check(
                ZSTD_CCtx_setParameter(
                    context, ZSTD_c_windowLog, Self.windowLog(prefix.count + input.count)),
                "set the window")
        }
        let written = Self.compress(context, input, prefix ?? [], into: &output)
        return output.prefix(try check(written, "compress"))
    }

    // The prefix is only borrowed by the context, so it must stay in place until the frame ends.
    private static func compress(
        _ context: OpaquePointer, _ input: ArraySlice<UInt8>, _ prefix: [UInt8],
        into output: inout [UInt8]
    ) -> Int {
        prefix.withUnsafeBytes { prefix in
            if !prefix.isEmpty {
                let code = ZSTD_CCtx_refPrefix(context, prefix.baseAddress, prefix.count)
                if ZSTD_isError(code) != 0 { return code }
            }
            return input.withUnsafeBytes { input in
                output.withUnsafeMutableBytes { output in
                    ZSTD_compress2(
                        context, output.baseAddress, output.count, input.baseAddress, input.count)
                }
            }
        }
    }

    /// The smallest window, as a power of two, that reaches back over everything.
    static func windowLog(_ count: Int) -> Int32 {
        Int32(max(10, min(27, Int.bitWidth - max(count - 1, 1).leadingZeroBitCount)))
    }
}

/// Restores one frame of at most `limit` bytes. The receiver of a delta has the same prefix.
func zstdDecompress(
    _ input: ArraySlice<UInt8>, prefix: [UInt8]? = nil, limit: Int
) throws(ZstdError) -> [UInt8] {
    guard let context = ZSTD_createDCtx() else {
        throw ZstdError(operation: "create a context", message: "out of memory")
    }
    defer { ZSTD_freeDCtx(context) }
    var output = [UInt8](repeating: 0, count: limit)
    let written = (prefix ?? []).withUnsafeBytes { prefix in
        if !prefix.isEmpty {
            let code = ZSTD_DCtx_refPrefix(context, prefix.baseAddress, prefix.count)
            if ZSTD_isError(code) != 0 { return code }
        }
        return input.withUnsafeBytes { input in
            output.withUnsafeMutableBytes { output in
                ZSTD_decompressDCtx(
                    context, output.baseAddress, output.count, input.baseAddress, input.count)
            }
        }
    }
    output.removeLast(limit - (try check(written, "decompress")))
    return output
}

/// What libzstd refused to do.
package struct ZstdError: Error, Hashable, CustomStringConvertible {
    package let operation: String
    package let message: String

    package var description: String { "zstd could not \(operation): \(message)" }
}

@discardableResult
private func check(_ code: Int, _ operation: String) throws(ZstdError) -> Int {
    guard ZSTD_isError(code) == 0 else {
        throw ZstdError(operation: operation, message: String(cString: ZSTD_getErrorName(code)))
    }
    return code
}
