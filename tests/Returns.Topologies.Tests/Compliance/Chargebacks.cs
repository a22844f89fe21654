using System.Security.Cryptography;
using Returns.Contracts;
using Returns.Domain.Compliance;
using static Returns.Topologies.Tests.Compliance.ComplianceHarness;

namespace Returns.Topologies.Tests.Compliance;

public sealed class Chargebacks
{
    private const long WeekEnd = Start + 7 * Day;
    private const long Close = WeekEnd + Day;

    private readonly ComplianceHarness _compliance = new();

    [Fact]
    public void A_window_over_what_is_allowed_is_charged_at_its_close_once()
    {
        Week(defective: 2, of: 12);
        _compliance.Advance(Close - 1);
        Assert.Empty(_compliance.Documents);
        _compliance.Advance(Close);

        var document = Assert.Single(_compliance.Documents);
        Assert.Equal(DocumentKind.Chargeback, document.Kind);
        Assert.Equal((Program, "V-1", 1L), (document.Program.ToString(), document.Vendor.ToString(), document.Sequence));
        Assert.Equal((Start, WeekEnd, Close), (document.WindowStart, document.WindowEnd, document.IssuedAt));
        Assert.Equal((12L, 2L, 720m, 120m), (document.Figures.Units, document.Figures.Defects, document.Figures.Value, document.Figures.DefectValue));
        Assert.True(document.DefectsCharged);
        Assert.Equal([(ChargeKind.Credit, 2L, 120m), (ChargeKind.Handling, 2L, 4m), (ChargeKind.Freight, 2L, 4.8m), (ChargeKind.NoAuthorization, 2L, 8m)],
            document.Lines.Select(l => (l.Kind, l.Units, l.Amount)));
        Assert.Equal(136.8m, document.Total);
        Assert.Equal(Close + 30 * Day, document.DisputeUntil);
        Assert.Empty(DocumentSeal.Check(document, null));

        _compliance.Driver.Restart();
        _compliance.Advance(Close + 100 * Day);
        Assert.Single(_compliance.Documents);
    }

    [Fact]
    public void A_window_within_what_is_allowed_is_charged_fixed_fees_alone()
    {
        Week(defective: 1, of: 12);
        _compliance.Receive("wrong", Start + Hour, ReturnReason.WrongItem);
        _compliance.Advance(Close);
        var document = Assert.Single(_compliance.Documents);
        Assert.False(document.DefectsCharged);
        Assert.Equal([(ChargeKind.NoAuthorization, 4m), (ChargeKind.MisShipped, 12m)], document.Lines.Select(l => (l.Kind, l.Amount)));
    }

    [Fact]
    public void A_window_with_nothing_to_charge_has_a_final_figure_and_no_document()
    {
        Week(defective: 0, of: 12);
        _compliance.Advance(Close);
        Assert.Empty(_compliance.Documents);
        Assert.Equal(12, Assert.Single(_compliance.Windows, w => w.Figure == FigureKind.Final && w.Start == Start && w.Vendor.Equals("V-1"u8)).Figures.Units);
    }

    [Fact]
    public void A_late_defect_is_a_debit_and_a_late_regrade_a_credit_that_name_what_they_correct()
    {
        Week(defective: 2, of: 12);
        _compliance.Advance(Close);
        _compliance.Receive("late", Start + 2 * Day, ReturnReason.Defective, ra: "RA-1");
        _compliance.Advance(Close + Day + Hour);
        _compliance.Publish(Decision("u-0", Start, ReturnReason.ChangedMind, revision: 2));
        _compliance.Publish(Decision("u-1", Start + Hour, ReturnReason.ChangedMind, revision: 2));
        _compliance.Advance(Close + 3 * Day);

        Assert.Equal([DocumentKind.Chargeback, DocumentKind.Correction, DocumentKind.Correction], _compliance.Documents.Select(d => d.Kind));
        var (first, debit, credit) = (_compliance.Documents[0], _compliance.Documents[1], _compliance.Documents[2]);
        Assert.Equal(first.DocumentId, debit.Corrects);
        Assert.Equal(first.DocumentId, credit.Corrects);
        Assert.Equal([1, 2], [debit.Revision, credit.Revision]);
        Assert.Equal([(ChargeKind.Credit, 1L, 60m), (ChargeKind.Handling, 1L, 2m), (ChargeKind.Freight, 1L, 2.4m)], debit.Lines.Select(l => (l.Kind, l.Units, l.Amount)));

        // With one defect of thirteen the window is within what is allowed, and all that was charged for defects is given back.
        Assert.False(credit.DefectsCharged);
        Assert.Equal([(ChargeKind.Credit, -3L, -180m), (ChargeKind.Handling, -3L, -6m), (ChargeKind.Freight, -3L, -7.2m), (ChargeKind.NoAuthorization, -2L, -8m)],
            credit.Lines.Select(l => (l.Kind, l.Units, l.Amount)));
        Assert.Equal(0m, _compliance.Documents.Sum(d => d.Total));
        Assert.Equal([1L, 2L, 3L], _compliance.Documents.Select(d => d.Sequence));
        Assert.Empty(DocumentSeal.Check(debit, first));
        Assert.Empty(DocumentSeal.Check(credit, debit));
    }

    [Fact]
    public void A_burst_of_late_units_is_one_correction_and_what_cancels_out_is_none()
    {
        Week(defective: 2, of: 12);
        _compliance.Advance(Close);
        for (var i = 0; i < 5; i++)
        {
            _compliance.Receive($"late-{i}", Start + i * Hour, ReturnReason.Defective);
        }
        _compliance.Advance(Close + Day + Hour);
        Assert.Equal(2, _compliance.Documents.Count);
        _compliance.Publish(Decision("late-0", Start, revision: 2));
        _compliance.Publish(Decision("late-0", Start, ReturnReason.Defective, revision: 3));
        _compliance.Advance(Close + 3 * Day);
        Assert.Equal(2, _compliance.Documents.Count);
    }

    [Fact]
    public void A_late_scan_alone_can_break_what_was_agreed_about_packaging()
    {
        _compliance.Receive("one", WeekEnd - Hour);
        _compliance.Advance(Close);
        _compliance.Publish(_compliance.Scan("one", WeekEnd - Minute, findings: ("box", 2)));
        _compliance.Advance(Close + Day + Hour);
        var document = Assert.Single(_compliance.Documents);
        Assert.Equal(DocumentKind.Chargeback, document.Kind); // The window's first, though it is late.
        Assert.Equal(1, document.Revision);
        Assert.Equal([(ChargeKind.Packaging, 1L, 1.5m)], document.Lines.Select(l => (l.Kind, l.Units, l.Amount)));
    }

    [Fact]
    public void A_decision_that_is_read_before_the_units_scans_leaves_out_none_of_them()
    {
        _compliance.Publish(_compliance.Scan("other", Start + 2 * Hour, ScanKind.Intake)); // Time has come so far.
        _compliance.Publish(Decision("one", Start + Hour, ReturnReason.WrongItem));
        _compliance.Publish(_compliance.Scan("one", Start + Hour, ScanKind.Intake));
        _compliance.Publish(_compliance.Scan("one", Start + Hour + Minute, findings: ("box", 2)));
        _compliance.Advance(Close);
        Assert.Equal([(ChargeKind.Packaging, 1.5m), (ChargeKind.MisShipped, 12m)], Assert.Single(_compliance.Documents).Lines.Select(l => (l.Kind, l.Amount)));
        Assert.Equal(2, _compliance.Journal.Last(u => u.Lpn.Equals("one"u8)).Scans.Count);
    }

    [Fact]
    public void What_was_charged_by_a_finding_stands_when_a_much_later_scan_is_silent_of_it()
    {
        _compliance.Receive("one", Start + Hour);
        _compliance.Publish(_compliance.Scan("one", Start + Hour + Minute, findings: ("box", 2)));
        _compliance.Advance(Close);
        Assert.Equal(1.5m, Assert.Single(_compliance.Documents).Total);
        _compliance.Advance(Close + 20 * Day);
        _compliance.Publish(_compliance.Scan("one", Start + Hour + 2 * Minute, findings: ("seal", 1)));
        _compliance.Advance(Close + 40 * Day);
        Assert.Single(_compliance.Documents);
        _compliance.Publish(_compliance.Scan("one", Start + Hour + 3 * Minute, findings: ("box", 1)));
        _compliance.Advance(Close + 60 * Day);
        Assert.Equal(0m, _compliance.Documents.Sum(d => d.Total));
    }

    [Fact]
    public void A_unit_that_turns_out_to_be_another_vendors_is_credited_to_the_one_and_charged_to_the_other()
    {
        Week(defective: 2, of: 12);
        _compliance.Advance(Close);
        _compliance.Publish(Decision("u-0", Start, ReturnReason.Defective, vendor: "V-2", revision: 2));
        _compliance.Advance(Close + 2 * Day);
        Assert.Equal(["V-1", "V-1", "V-2"], _compliance.Documents.Select(d => d.Vendor.ToString()).Order());
        Assert.Equal(-4m, _compliance.Documents.Single(d => d.Vendor.Equals("V-1"u8) && d.Kind == DocumentKind.Correction).Lines.Single(l => l.Kind == ChargeKind.NoAuthorization).Amount);
        Assert.Equal(4m, _compliance.Documents.Single(d => d.Vendor.Equals("V-2"u8)).Total);
    }

    [Fact]
    public void The_same_unit_is_charged_once_however_often_it_is_scanned_and_decided()
    {
        for (var revision = 1; revision < 6; revision++)
        {
            _compliance.Publish(_compliance.Scan("one", Start + revision, ScanKind.Intake));
            _compliance.Publish(Decision("one", Start, ReturnReason.WrongItem, revision: revision));
            _compliance.Publish(Decision("one", Start, ReturnReason.WrongItem, revision: revision));
            _compliance.Commit();
        }
        _compliance.Advance(Close);
        Assert.Single(_compliance.Journal, u => u.Lpn.Equals("one"u8));
        Assert.Equal(12m, Assert.Single(_compliance.Documents).Total);
    }

    [Fact]
    public void A_charged_unit_that_is_decided_again_after_months_is_still_not_charged_twice()
    {
        _compliance.Receive("one", Start, ReturnReason.WrongItem);
        _compliance.Advance(Close);
        _compliance.Advance(Start + 100 * Day);
        _compliance.Publish(Decision("one", Start, ReturnReason.WrongItem, revision: 9));
        _compliance.Publish(Decision("one", Start, revision: 10));
        _compliance.Advance(Start + 102 * Day);
        Assert.Equal([12m, -12m], _compliance.Documents.Select(d => d.Total));
    }

    [Fact]
    public void A_scan_of_a_charged_unit_that_comes_again_after_weeks_credits_nothing()
    {
        // One is charged for a finding, the other for its reason: neither scan says all of what is known.
        _compliance.Publish(_compliance.Scan("box", Start, ScanKind.Intake));
        _compliance.Publish(_compliance.Scan("box", Start + 1, findings: ("box", 2)));
        _compliance.Publish(Decision("box", Start));
        var (intake, inspection) = (_compliance.Scan("wrong", Start, ScanKind.Intake), _compliance.Scan("wrong", Start + 1, findings: ("box", 2)));
        var corrected = _compliance.Scan("wrong", Start + 2, findings: ("box", 1));
        var again = _compliance.Scan("box", Start + 1, findings: ("seal", 1));
        foreach (var scan in new[] { intake, inspection, corrected })
        {
            _compliance.Publish(scan);
        }
        _compliance.Publish(Decision("wrong", Start, ReturnReason.WrongItem));
        _compliance.Advance(Close);
        Assert.Equal(13.5m, Assert.Single(_compliance.Documents).Total);
        _compliance.Advance(Start + 30 * Day);
        foreach (var scan in new[] { intake, inspection, again })
        {
            _compliance.Publish(scan);
        }
        _compliance.Advance(Start + 40 * Day);
        _compliance.Advance(Start + 50 * Day);
        Assert.Single(_compliance.Documents);
    }

    [Fact]
    public void Amounts_of_another_currency_are_not_charged_and_never_added()
    {
        for (var i = 0; i < 20; i++)
        {
            _compliance.Receive($"u-{i}", Start + i, i < 10 ? ReturnReason.Defective : ReturnReason.ChangedMind, currency: i % 2 == 0 ? "GBP" : "USD", ra: "RA");
        }
        _compliance.Advance(Close);
        var document = Assert.Single(_compliance.Documents);
        Assert.Equal((20L, 10L, 10L, 600m, 300m), (document.Figures.Units, document.Figures.Defects, document.Figures.ValuedUnits, document.Figures.Value, document.Figures.DefectValue));
        Assert.Equal([(ChargeKind.Credit, 5L, 300m), (ChargeKind.Handling, 5L, 10m), (ChargeKind.Freight, 10L, 24m)], document.Lines.Select(l => (l.Kind, l.Units, l.Amount)));
    }

    [Fact]
    public void A_vendor_without_an_agreement_and_a_unit_without_a_vendor_are_counted_nowhere()
    {
        _compliance.Receive("one", Start, ReturnReason.WrongItem, vendor: "V-9");
        _compliance.Publish(Decision("two", Start, ReturnReason.WrongItem, vendor: null));
        _compliance.Receive("three", Start - 1, ReturnReason.WrongItem); // before the agreement
        _compliance.Commit();
        Assert.Empty(_compliance.Journal);
        Assert.Equal(3, _compliance.Metric("returns_compliance_units_total{effect=\"without_agreement\"}"));
    }

    [Fact]
    public void An_agreement_that_ends_in_mid_window_has_its_last_window_cut_and_the_next_one_begins_its_own()
    {
        var compliance = new ComplianceHarness(Agreement(("agreement", "old"), ("valid-to", "2026-01-04")) + "\n" + Agreement(("agreement", "new"), ("valid-from", "2026-01-04"), ("fees", "{mis-shipped: 20.00}")));
        compliance.Receive("before", Start + 3 * Day - 1, ReturnReason.WrongItem);
        compliance.Receive("after", Start + 3 * Day, ReturnReason.WrongItem);
        compliance.Advance(Start + 30 * Day);
        Assert.Equal([("old", Start, Start + 3 * Day, 12m), ("new", Start + 3 * Day, Start + 10 * Day, 20m)],
            compliance.Documents.Select(d => (d.Terms.Name.ToString(), d.WindowStart, d.WindowEnd, d.Total)));
    }

    [Fact]
    public void Of_two_agreements_that_overlap_a_unit_is_charged_by_the_later_one_alone()
    {
        var compliance = new ComplianceHarness(Agreement(("agreement", "general")) + "\n"
            + Agreement(("agreement", "season"), ("valid-from", "2026-01-02"), ("valid-to", "2026-01-04"), ("fees", "{mis-shipped: 1.00}")));
        for (var day = 0; day < 5; day++)
        {
            compliance.Receive($"u-{day}", Start + day * Day, ReturnReason.WrongItem);
        }
        compliance.Advance(Start + 30 * Day);
        Assert.Equal([("general", 36m), ("season", 2m)], compliance.Documents.Select(d => (d.Terms.Name.ToString(), d.Total)).Order());
    }

    [Fact]
    public void Terms_that_change_while_it_runs_apply_to_what_is_decided_from_then_on()
    {
        _compliance.Receive("before", Start, ReturnReason.WrongItem);
        _compliance.Commit();
        _compliance.Publish(Agreement(), version: "2"); // the same terms in a new document
        _compliance.Receive("same", Start, ReturnReason.WrongItem);
        _compliance.Commit();
        _compliance.Publish(Agreement(("fees", "{mis-shipped: 20.00}")), version: "3");
        _compliance.Receive("after", Start, ReturnReason.WrongItem);
        _compliance.Advance(Close);
        Assert.Equal([(2L, 24m), (1L, 20m)], _compliance.Documents.Select(d => (d.Figures.Units, d.Total)).OrderDescending());
    }

    [Fact]
    public void A_clock_far_ahead_closes_windows_early_and_what_comes_after_is_a_correction()
    {
        _compliance.Receive("one", Start, ReturnReason.WrongItem);
        _compliance.Receive("ahead", Start + 50 * Day, ReturnReason.ChangedMind);
        _compliance.Receive("two", Start + Hour, ReturnReason.WrongItem);
        _compliance.Advance(Start + 60 * Day);
        Assert.Equal([(DocumentKind.Chargeback, 12m), (DocumentKind.Correction, 12m)], _compliance.Documents.Select(d => (d.Kind, d.Total)));
    }

    [Fact]
    public void What_comes_after_a_window_takes_corrections_is_counted_and_charges_nobody()
    {
        _compliance.Receive("one", Start, ReturnReason.WrongItem);
        _compliance.Advance(Start + 500 * Day);
        _compliance.Receive("two", Start, ReturnReason.WrongItem);
        _compliance.Advance(Start + 510 * Day);
        Assert.Single(_compliance.Documents);
        Assert.Equal(1, _compliance.Metric("returns_compliance_missed_total"));
    }

    [Fact]
    public void A_document_tells_where_its_units_are_and_the_journal_has_their_evidence()
    {
        _compliance.Publish(_compliance.Scan("one", Start, ScanKind.Intake));
        _compliance.Publish(_compliance.Scan("one", Start + 5, findings: [("box", 2), ("damage", 1)]));
        var serial = _compliance.Scan("one", Start + 3);
        serial.SerialNumber = "SN-1";
        _compliance.Publish(serial);
        _compliance.Publish(Decision("one", Start));
        _compliance.Advance(Close);

        var unit = _compliance.Journal.First(u => u.Lpn.Equals("one"u8));
        Assert.Equal(("SN-1", "B", "grading:1 routing:1 channels:1 agreements:1"), (unit.SerialNumber.ToString(), unit.Grade.ToString(), unit.RuleVersion.ToString()));
        Assert.Equal([("box", 2.0, "photo-box"), ("damage", 1.0, "photo-damage")], unit.Findings.Select(f => (f.Criterion.ToString(), f.Value, f.Evidence.ToString()!)));
        Assert.Equal([(ScanKind.Intake, 0L), (ScanKind.Inspection, 2L), (ScanKind.Inspection, 1L)], unit.Scans.Select(s => (s.Kind, s.Offset)));
        Assert.All(unit.Findings, f => Assert.Equal((1L, "B-7"), (unit.Scans[f.Scan].Offset, unit.Scans[f.Scan].Grader.ToString())));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Triage.TriageHarness.Encoded(serial))), unit.Scans[1].ContentHash.ToString());

        var journal = Assert.Single(_compliance.Documents).Journal;
        Assert.Equal((0, 0L, 0L, 1L), (journal.Partition, journal.FirstOffset, journal.LastOffset, journal.Records));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData([.. new byte[32], .. SHA256.HashData(_compliance.JournalRecords[0][0])])), journal.Hash.ToString());
    }

    [Fact]
    public void Scans_that_triage_dead_letters_are_passed_over()
    {
        _compliance.Driver.Pipe(Topics.Scans, "one", [1, 2, 3]);
        _compliance.Driver.Pipe(Topics.Scans, "one", null);
        _compliance.Commit();
        Assert.Empty(_compliance.DeadLetters);
    }

    private void Week(int defective, int of)
    {
        for (var i = 0; i < of; i++)
        {
            _compliance.Receive($"u-{i}", Start + i * Hour, i < defective ? ReturnReason.Defective : ReturnReason.ChangedMind);
        }
        _compliance.Commit();
    }
}
