using System.CommandLine;
using Returns.Cli.Up;
using Returns.Contracts.Wire;

namespace Returns.Cli;

/// <summary>Where a command that decodes events takes schema ids from: <c>--schema-registry</c>.</summary>
internal sealed class RegistryOption
{
    private readonly Option<string?> _url = new("--schema-registry") { Description = "Where schema ids come from; without it, from schemas/.", HelpName = "URL" };

    /// <summary>Adds the option to a command.</summary>
    public Command On(Command command)
    {
        command.Options.Add(_url);
        return command;
    }

    /// <summary>The registry, to be disposed of; null where the ids are those of schemas/.</summary>
    /// <exception cref="UpException">The URL is none.</exception>
    public RegistrySchemaIds? Read(ParseResult result, out ISchemaIds schemas)
    {
        try
        {
            var registry = result.GetValue(_url) is { } url ? new RegistrySchemaIds(url) : null;
            schemas = registry is null ? LocalSchemaIds.BuiltIn : registry;
            return registry;
        }
        catch (FormatException error)
        {
            throw new UpException($"--schema-registry: {error.Message}");
        }
    }
}
