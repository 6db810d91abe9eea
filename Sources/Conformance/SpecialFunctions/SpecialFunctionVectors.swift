import Evidence

/// Single values of special functions: `cases` of `fn`, `args` and `value`.
package enum SpecialFunctionVectors: VectorFamily {
    package static func recognises(_ document: VectorValue) -> Bool {
        document["cases"]?.list?.first.map { $0["fn"]?.string != nil && $0["args"] != nil } ?? false
    }

    package static func check(_ document: VectorValue, into report: inout VectorReport) {
        for (index, one) in (document["cases"]?.list ?? []).enumerated() {
            guard let name = one["fn"]?.string, let arguments = one["args"]?.doubles else {
                report.skip("case \(index)", because: "no function, or arguments not numbers")
                continue
            }
            report.check("\(name) of \(arguments)") { found in
                guard let value = value(of: name, arguments) else {
                    found.isUnknown("no function of this name takes \(arguments.count) arguments")
                    return
                }
                // log Γ and log B pass through 0, where only the absolute error means something.
                let isLogOfOne = passingZero.contains(String(name.prefix { $0 != "(" }))
                let tolerance = Tolerance.relative(1e-12, absolute: isLogOfOne ? 4e-15 : 0)
                found.expect("value", value, one["value"], within: tolerance)
                if let digits = one["digits"]?.string.flatMap(Double.init) {
                    found.expect("digits", value, digits, within: tolerance)
                }
                if let other = one["scipy"]?.double {
                    found.expect(
                        "scipy", value, other,
                        within: .relative(1e-10, absolute: tolerance.absolute))
                }
            }
        }
    }

    private static let passingZero: Set<String> = [
        "lgamma", "gammaln", "loggamma", "log_gamma", "lbeta", "betaln", "log_beta",
    ]

    /// `nil` when there is no such function.
    static func value(of name: String, _ arguments: [Double]) -> Double? {
        let plain = name.prefix { $0 != "(" }.lowercased()
        switch arguments.count {
        case 1: return arguments.first.flatMap { one(plain, $0) }
        case 2: return two(plain, arguments[0], arguments[1])
        case 3: return three(plain, arguments[0], arguments[1], arguments[2])
        case 4: return four(plain, arguments)
        default: return nil
        }
    }

    private static func one(_ name: String, _ x: Double) -> Double? {
        switch name {
        case "lgamma", "gammaln", "loggamma", "log_gamma": GammaFunction.log(x)
        case "norm_cdf", "ndtr", "phi": NormalDistribution.cdf(x)
        case "norm_sf": NormalDistribution.sf(x)
        case "norm_pdf": NormalDistribution.density(x)
        case "log_norm_pdf", "norm_logpdf": NormalDistribution.logDensity(x)
        case "log_norm_cdf", "norm_logcdf", "log_ndtr": NormalDistribution.logCDF(x)
        case "log_norm_sf", "norm_logsf": NormalDistribution.logSF(x)
        case "norm_ppf", "ndtri", "norm_quantile": NormalDistribution.quantile(x)
        case "norm_isf": NormalDistribution.upperQuantile(x)
        case "ndtri_exp": NormalDistribution.quantile(logProbability: x)
        case "log1p": Elementary.log1p(x)
        case "expm1": Elementary.expm1(x)
        case "log", "ln": Elementary.log(x)
        case "exp": Elementary.exp(x)
        case "log1mexp": Elementary.log1mexp(x)
        case "erf": Elementary.erf(x)
        case "erfc": Elementary.erfc(x)
        case "logit": Elementary.log(x / (1 - x))
        case "expit":
            x < 0 ? Elementary.exp(x) / (1 + Elementary.exp(x)) : 1 / (1 + Elementary.exp(-x))
        case "kolmogorov_sf", "kstwobign_sf", "kolmogorov": KolmogorovDistribution.sf(x)
        case "kolmogorov_cdf", "kstwobign_cdf": KolmogorovDistribution.cdf(x)
        default: nil
        }
    }

    private static func two(_ name: String, _ a: Double, _ b: Double) -> Double? {
        switch name {
        case "lbeta", "betaln", "log_beta": BetaFunction.log(a, b)
        case "gamma_p", "gammainc": GammaFunction.lower(a, b)
        case "gamma_q", "gammaincc": GammaFunction.upper(a, b)
        case "log_gamma_p": GammaFunction.tails(a, b).lower
        case "log_gamma_q": GammaFunction.tails(a, b).upper
        case "gamma_p_inv", "gammaincinv": GammaFunction.inverseLower(a, b)
        case "gamma_q_inv", "gammainccinv": GammaFunction.inverseUpper(a, b)
        case "student_t_cdf", "t_cdf": StudentT.cdf(a, df: b)
        case "student_t_sf", "t_sf": StudentT.sf(a, df: b)
        case "student_t_logcdf", "log_student_t_cdf": StudentT.tails(a, df: b).lower
        case "student_t_logsf", "log_student_t_sf": StudentT.tails(a, df: b).upper
        case "student_t_ppf", "t_ppf", "student_t_quantile": StudentT.quantile(a, df: b)
        case "student_t_isf", "t_isf": StudentT.upperQuantile(a, df: b)
        case "chi2_sf": ChiSquared.sf(a, df: b)
        case "chi2_cdf": ChiSquared.cdf(a, df: b)
        case "chi2_ppf", "chi2_quantile": ChiSquared.quantile(a, df: b)
        case "chi2_isf": ChiSquared.upperQuantile(a, df: b)
        case "kl_bernoulli", "bernoulli_kl": BernoulliDivergence.kl(a, b)
        case "poisson_pmf": Int(exactly: a).map { PoissonDistribution.pmf($0, mean: b) }
        case "poisson_cdf": Int(exactly: a).map { PoissonDistribution.cdf($0, mean: b) }
        case "poisson_sf": Int(exactly: a).map { PoissonDistribution.sf($0, mean: b) }
        case "kstwo_sf": Int(exactly: b).map { KolmogorovDistribution.exactSF(a, n: $0) }
        case "kstwo_cdf": Int(exactly: b).map { KolmogorovDistribution.exactCDF(a, n: $0) }
        case "ksone_sf": Int(exactly: b).map { KolmogorovDistribution.oneSidedSF(a, n: $0) }
        case "smirnov": Int(exactly: a).map { KolmogorovDistribution.oneSidedSF(b, n: $0) }
        case "logaddexp": LogDomain.logAddExp(a, b)
        default: nil
        }
    }

    private static func three(_ name: String, _ a: Double, _ b: Double, _ x: Double) -> Double? {
        switch name {
        case "ibeta_regularized", "betainc", "ibeta": BetaFunction.regularized(a, b, x)
        case "ibeta_complement", "betaincc": BetaFunction.tails(a, b, x).upperProbability
        case "log_ibeta_regularized", "log_ibeta": BetaFunction.tails(a, b, x).lower
        case "log_ibeta_complement": BetaFunction.tails(a, b, x).upper
        case "ibeta_inv", "betaincinv": BetaDistribution.quantile(x, a, b)
        case "ibetac_inv", "betainccinv": BetaDistribution.upperQuantile(x, a, b)
        case "beta_cdf": BetaDistribution.cdf(a, b, x)
        case "beta_sf": BetaDistribution.sf(a, b, x)
        case "beta_ppf": BetaDistribution.quantile(a, b, x)
        case "beta_isf": BetaDistribution.upperQuantile(a, b, x)
        case "f_cdf": FisherF.cdf(a, b, x)
        case "f_sf": FisherF.sf(a, b, x)
        case "f_ppf": FisherF.quantile(a, b, x)
        case "binom_pmf": counts(a, b) { BinomialDistribution.pmf($0, n: $1, p: x) }
        case "binom_logpmf": counts(a, b) { BinomialDistribution.logPMF($0, n: $1, p: x) }
        case "binom_cdf": counts(a, b) { BinomialDistribution.cdf($0, n: $1, p: x) }
        case "binom_sf": counts(a, b) { BinomialDistribution.sf($0, n: $1, p: x) }
        default: nil
        }
    }

    /// With SciPy's order of arguments: k, population, marked, drawn.
    private static func four(_ name: String, _ arguments: [Double]) -> Double? {
        let whole = arguments.compactMap { Int(exactly: $0) }
        guard whole.count == 4,
            let urn = HypergeometricDistribution(
                total: whole[1], marked: whole[2], drawn: whole[3])
        else { return nil }
        switch name {
        case "hypergeom_pmf": return urn.pmf(whole[0])
        case "hypergeom_logpmf": return urn.logPMF(whole[0])
        case "hypergeom_cdf": return urn.cdf(whole[0])
        case "hypergeom_sf": return urn.sf(whole[0])
        default: return nil
        }
    }

    private static func counts(
        _ k: Double, _ n: Double, _ body: (Int, Int) -> Double
    ) -> Double? {
        guard let k = Int(exactly: k), let n = Int(exactly: n) else { return nil }
        return body(k, n)
    }
}
