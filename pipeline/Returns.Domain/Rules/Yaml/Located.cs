namespace Returns.Domain.Rules.Yaml;

/// <summary>A value and the line it was written on, so that a check made later can still point there.</summary>
internal readonly record struct Located<T>(T Value, int Line);
