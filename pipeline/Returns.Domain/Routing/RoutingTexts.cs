using Returns.Contracts;

namespace Returns.Domain.Routing;

/// <summary>What is said of candidates where no rule of the rule set has words for it.</summary>
internal static class RoutingTexts
{
    public static readonly Utf8 Operator = "operator's decision";
    public static readonly Utf8 UnknownChannel = "operator's decision: the rules have no channel of this name";
    public static readonly Utf8 UnknownGrade = "operator's decision: the scale has no such grade";
    public static readonly Utf8 Ungraded = "operator's decision: without a grade the channel must be named";
    public static readonly Utf8 NoRow = "no row of the routing table matches";
    public static readonly Utf8 NothingLeft = "every candidate was held back";
    public static readonly Utf8 NoRoom = "no channel that would take it has room";
    public static readonly Utf8 NotForWantOfRoom = "not disposed of for want of channel capacity";
    public static readonly Utf8 NotForWantOfAuthorization = "not disposed of for want of a return authorization";
}
