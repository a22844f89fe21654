using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Returns.Contracts.Wire;

/// <summary>Sends requests to a Schema Registry and makes of every failure one exception that says what to do.</summary>
internal sealed class RegistryClient : IDisposable
{
    private const int MaximumAnswer = 4 << 20;
    private const int SchemaNotFound = 40403;
    private static readonly MediaTypeHeaderValue ContentType = new("application/vnd.schemaregistry.v1+json");
    private static readonly TimeSpan[] Waits = [TimeSpan.FromMilliseconds(300), TimeSpan.FromMilliseconds(1200)];

    private readonly HttpClient _http;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _time;
    private readonly string _name;

    public RegistryClient(string url, TimeSpan timeout, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(url);
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps))
        {
            throw new FormatException($"Schema Registry '{url[(url.LastIndexOf('@') + 1)..]}': expected http://HOST:PORT or https://USER:PASSWORD@HOST:PORT");
        }
        var address = uri.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped).TrimEnd('/');
        (_name, _timeout, _time) = ($"Schema Registry {address}", timeout, time);
        // A redirect would take the password, and the schema, to a host that nobody configured.
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = timeout })
        {
            BaseAddress = new Uri(address + "/"),
            Timeout = timeout,
            MaxResponseContentBufferSize = MaximumAnswer,
        };
        _http.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue(ContentType.MediaType!));
        _http.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        if (uri.UserInfo.Length > 0)
        {
            var credentials = Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(uri.UserInfo)));
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", credentials);
        }
    }

    /// <exception cref="SchemaRegistryException">No answer, a refusal, or an answer that is not JSON.</exception>
    public JsonElement Post(string path, string body) => Send(HttpMethod.Post, path, body)
        ?? throw NotARegistry($"POST /{path}", "answered that there is no such schema");

    /// <returns>The answer, or null where the registry says that it has no such schema.</returns>
    /// <exception cref="SchemaRegistryException">No answer, a refusal, or an answer that is not JSON.</exception>
    public JsonElement? Get(string path) => Send(HttpMethod.Get, path, null);

    /// <summary>For an answer that no Schema Registry gives.</summary>
    public SchemaRegistryException NotARegistry(string request, string what) =>
        new($"{_name}: {request} {what}: check that the URL is a Schema Registry's, with its path");

    /// <summary>A member that is a number of 32 bits, or null.</summary>
    public static int? Number(JsonElement json, string name) =>
        json.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.Number && member.TryGetInt32(out var number) ? number : null;

    public void Dispose() => _http.Dispose();

    public override string ToString() => _name;

    private JsonElement? Send(HttpMethod method, string path, string? body)
    {
        var request = $"{method} /{path}";
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                var (status, text) = Once(method, path, body);
                if ((int)status < 500 || attempt == Waits.Length)
                {
                    return Answer(request, status, text);
                }
            }
            catch (Exception error) when (error is HttpRequestException or OperationCanceledException or IOException)
            {
                if (attempt == Waits.Length)
                {
                    var why = error is OperationCanceledException ? $"no answer within {_timeout.TotalSeconds:0.###} s" : error.Message;
                    throw new SchemaRegistryException($"{_name}: {request}: {why}: check the address, and that the registry is up", error);
                }
            }
            Task.Delay(Waits[attempt], _time).GetAwaiter().GetResult();
        }
    }

    private (HttpStatusCode Status, string Text) Once(HttpMethod method, string path, string? body)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.ContentType = ContentType;
        }
        using var response = _http.Send(request);
        using var text = new StreamReader(response.Content.ReadAsStream(), Encoding.UTF8);
        return (response.StatusCode, text.ReadToEnd());
    }

    private JsonElement? Answer(string request, HttpStatusCode status, string text)
    {
        var json = Parse(text);
        if (status == HttpStatusCode.OK)
        {
            return json ?? throw NotARegistry(request, "did not answer with a JSON object");
        }
        if (json is { } problem && Number(problem, "error_code") == SchemaNotFound)
        {
            return null;
        }
        var said = json is { } refusal && refusal.TryGetProperty("message", out var message) ? message.ToString() : "no message";
        var wayOut = status switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden =>
                "check user and password, given in the URL as https://USER:PASSWORD@HOST:PORT, and that the user may read and write the subject",
            HttpStatusCode.Conflict =>
                "the schema cannot read what the subject holds: change it as schemas/README.md says, or delete the subject if its topic is empty",
            HttpStatusCode.UnprocessableEntity => "the registry does not take the schema: see its message",
            >= HttpStatusCode.InternalServerError => "see the registry's log, and start again when it answers",
            _ => "check that the URL is a Schema Registry's, with its path",
        };
        throw new SchemaRegistryException($"{_name}: {request} answered {(int)status} ({said[..Math.Min(300, said.Length)]}): {wayOut}");
    }

    private static JsonElement? Parse(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
