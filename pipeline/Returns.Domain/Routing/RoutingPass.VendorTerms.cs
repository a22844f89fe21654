using Returns.Contracts;

namespace Returns.Domain.Routing;

// Step 4: what the vendor's terms force.
internal ref partial struct RoutingPass<TCapacity>
{
    /// <summary>Sends the unit back where the vendor's terms force it. False where the table decides.</summary>
    private bool ForceReturn(RoutingRow? row)
    {
        if (_terms.ReturnToVendor != ReturnToVendor.Forced) return false;
        var option = new RoutingOption(Disposition.ReturnToVendor, null);
        if (_forbidden.Contains(Disposition.ReturnToVendor))
        {
            if (!Lists(row)) AddReturn(option, CandidateOutcome.HardBlock, Forbidder(Disposition.ReturnToVendor));
            return false;
        }

        var verdict = Terms();
        if (verdict == TermsVerdict.Met)
        {
            var index = AddReturn(option, CandidateOutcome.Chosen, _terms.Forced);
            HoldBack(row);
            _result.Choose(index, RoutingCause.VendorTerms);
            return true;
        }

        if (verdict == TermsVerdict.AuthorizationMissing)
        {
            AddReturn(option, CandidateOutcome.VendorTerms, _terms.TextOf(verdict));
            HoldBack(row);
            Review(ExceptionReason.AuthorizationMissing, RoutingCause.VendorTerms, _terms.TextOf(verdict));
            return true;
        }

        if (!Lists(row)) AddReturn(option, CandidateOutcome.VendorTerms, _terms.TextOf(verdict));
        return false;
    }

    private int AddReturn(in RoutingOption option, CandidateOutcome outcome, Utf8 detail) =>
        _result.Add(new RouteCandidate(option.Disposition, null, outcome, ValueOf(option), detail));

    private static bool Lists(RoutingRow? row)
    {
        if (row is null) return false;
        foreach (ref readonly var option in row.Options)
            if (option.Disposition == Disposition.ReturnToVendor) return true;
        return false;
    }

    /// <summary>Records what the table would have allowed, had the vendor's terms not decided.</summary>
    private void HoldBack(RoutingRow? row)
    {
        if (row is null) return;
        foreach (ref readonly var option in row.Options)
        {
            if (option.Disposition == Disposition.ReturnToVendor) continue;
            var forbidden = _forbidden.Contains(option.Disposition);
            _result.Add(new RouteCandidate(option.Disposition, option.Outlet,
                forbidden ? CandidateOutcome.HardBlock : CandidateOutcome.VendorTerms, ValueOf(option),
                forbidden ? Forbidder(option.Disposition) : _terms.Forced));
        }
    }

    private readonly TermsVerdict Terms() =>
        _terms.Check(_reason, _grade, _facts.DwellMillis, _facts.HasAuthorization);
}
