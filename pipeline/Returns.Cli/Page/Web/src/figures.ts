// The rows of the named queries, as the server sends them. Amounts keep their digits as text; times are seconds since the epoch.

export interface UnitsRow {
  by: 'all' | 'time' | 'facility' | 'disposition';
  time: number | null;
  facility: string | null;
  category: string | null;
  disposition: string | null;
  units: number;
  graded: number;
  routed: number;
  manual_review: number;
  dwell_seconds: number[];
  newest_at: number;
  origins: string[];
}

export interface QueueRow {
  reason: string | null;
  units: number;
  longest_seconds: number;
  oldest: { waiting_seconds: number; lpn: string; facility: string; category: string | null }[];
}

export interface DeadLetterRow { error_class: string; source_topic: string; records: number; newest_at: number }

export interface RecoveryTotalsRow { units: number; decided: number; written_off: number; rate: number | null; kept_kilograms: number; origins: string[] }

export interface RecoveryCurrencyRow {
  currency: string;
  net_recovery: string;
  settled_units: number;
  settled_proceeds: string;
  costed_units: number;
  handling_cost: string;
  cost_per_return: string | null;
}

export interface WriteOffRow { category: string; decided: number; written_off: number; rate: number | null }

export interface WriteOffValueRow { category: string; currency: string; decided_value: string; written_off_value: string; rate: number | null }

export interface WriteOffTimeRow { time: number; span: 'day' | 'month'; decided: number; written_off: number; rate: number | null }

export interface GradeRow { grade: string; currency: string; units: number; recovery_value: string; resale_value: string; rate: number | null }

export interface ChannelRow {
  currency: string;
  channel: string;
  units: number;
  expected_proceeds: string;
  settled_units: number;
  settled_proceeds: string;
  net_recovery: string;
}

export interface ChargebackRecoveryRow { currency: string; charged: string; defect_value: string; rate: number | null }

export interface VendorRateRow {
  program: string;
  vendor: string;
  agreement_id: string;
  agreement: string;
  kind: 'rate' | 'billing';
  window_start_at: number;
  window_end_at: number;
  currency: string;
  units: number;
  defects: number;
  value: string;
  defect_value: string;
  rate_units: number | null;
  rate_value: number | null;
  lower_bound: number | null;
  upper_bound: number | null;
}

export interface AlertRow {
  alert_id: string;
  program: string;
  vendor: string;
  agreement: string;
  measure: string;
  raised_at: number;
  rate: number;
  lower_bound: number;
  allowed: number;
  units: number;
  defects: number;
}

export interface ChargebackRow {
  document_id: string;
  kind: string;
  program: string;
  vendor: string;
  sequence: number;
  corrects: string | null;
  agreement: string;
  window_start_at: number;
  window_end_at: number;
  currency: string;
  units: number;
  defects: number;
  line_kinds: string[];
  line_units: number[];
  line_amounts: string[];
  total: string;
  issued_at: number;
  dispute_until: number;
  content_hash: string;
}

/** An agreement in force: the defect rate it allows, in units and in value, where it sets one. */
export interface AgreementRow { id: string; allowed_units: number | null; allowed_value: number | null }

export interface ChargedRow { currency: string; documents: number; charged: string }

export interface FloorFigures { asOf: string; units: UnitsRow[]; review_queue: QueueRow[]; dead_letters: DeadLetterRow[] }
export interface RecoveryFigures {
  asOf: string;
  recovery_totals: RecoveryTotalsRow[];
  recovery_by_currency: RecoveryCurrencyRow[];
  write_off_by_category: WriteOffRow[];
  write_off_value_by_category: WriteOffValueRow[];
  write_off_over_time: WriteOffTimeRow[];
  recovery_by_grade: GradeRow[];
  recovered_by_channel: ChannelRow[];
  chargeback_recovery: ChargebackRecoveryRow[];
}
export interface VendorFigures { asOf: string; agreements: AgreementRow[]; vendor_rates: VendorRateRow[]; vendor_alerts: AlertRow[]; chargebacks: ChargebackRow[]; charged: ChargedRow[] }
