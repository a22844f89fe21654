using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Returns.Contracts.Wire;

namespace Returns.Worker.Roles;

/// <summary>The roles of this process, as the host runs them.</summary>
internal static class RoleSet
{
    /// <summary>Registers each role that the options name, and what runs it.</summary>
    public static void Register(IServiceCollection services, WorkerOptions options)
    {
        services.AddSingleton(options);
        if (options.SchemaRegistry is { } registry)
        {
            services.AddSingleton<ISchemaIds>(_ => new RegistrySchemaIds(registry.AbsoluteUri));
        }
        else
        {
            services.AddSingleton<ISchemaIds>(LocalSchemaIds.BuiltIn);
        }
        foreach (var role in options.Roles)
        {
            _ = role switch
            {
                "triage" => services.AddSingleton<IRole, TriageRole>(),
                "compliance" => services.AddSingleton<IRole, ComplianceRole>(),
                "recovery" => services.AddSingleton<IRole, RecoveryRole>(),
                "notifier" => services.AddSingleton<IRole, NotifierRole>(),
                "sink" => services.AddSingleton<IRole, SinkRole>(),
                _ => throw new InvalidOperationException($"the role '{role}' has no class"),
            };
        }
        services.AddSingleton<IHostedService>(provider => new RoleServices(
            [.. provider.GetServices<IRole>().Select(role => new RoleService(role, provider.GetRequiredService<IHostApplicationLifetime>(), provider.GetRequiredService<ILogger<RoleService>>()))]));
    }

    /// <summary>Starts and stops all roles together.</summary>
    private sealed class RoleServices(IReadOnlyList<RoleService> roles) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => Task.WhenAll(roles.Select(r => r.StartAsync(cancellationToken)));

        public Task StopAsync(CancellationToken cancellationToken) => Task.WhenAll(roles.Select(r => r.StopAsync(cancellationToken)));
    }
}
