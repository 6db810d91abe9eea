/// Tests of SciPy and statsmodels: `samples` by name, and `cases` with a `call` each.
package enum ClassicalVectors: VectorFamily {
    package static func recognises(_ document: VectorValue) -> Bool {
        guard let cases = document["cases"]?.list else { return false }
        if document["samples"]?.object != nil { return cases.contains { $0["call"] != nil } }
        return cases.contains { one in
            guard let call = one["call"]?.string else { return false }
            return one["table"] != nil || (one["nobs"] != nil && call.contains("proportion"))
        }
    }

    package static func check(_ document: VectorValue, into report: inout VectorReport) {
        let samples = document["samples"]?.object ?? [:]
        for (index, one) in (document["cases"]?.list ?? []).enumerated() {
            let call = one["call"]?.string ?? "no call"
            report.check("cases[\(index)] \(call)") { vector in
                let input = ClassicalCase(one, call: call, samples: samples)
                if let stranger = input.unknownMember {
                    return vector.isUnknown("what \(stranger) means is not known")
                }
                if try !input.checkSamples(&vector), !input.checkCounts(&vector),
                    !input.checkTables(&vector)
                {
                    vector.isUnknown("no function for \(call) with these parameters")
                }
            }
        }
    }
}
