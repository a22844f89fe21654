using System.Net;

namespace Returns.Worker.Notifier;

/// <summary>Posts to receivers, and tells what may pass from what will not.</summary>
internal sealed class AlertHttp(Uri url) : IDisposable
{
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(10) };

    /// <summary>The address without what may be secret in it.</summary>
    public string Shown { get; } = url.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);

    /// <exception cref="HttpRequestException">No answer, or one that may be another next time.</exception>
    /// <exception cref="AlertRefusedException">400, 413 or 422: it is this alert that is not taken.</exception>
    public async Task PostAsync(byte[] body, Action<HttpRequestMessage> prepare, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new("application/json");
        prepare(request);
        HttpResponseMessage answer;
        try
        {
            answer = await _http.SendAsync(request, cancel);
        }
        catch (OperationCanceledException error) when (!cancel.IsCancellationRequested)
        {
            throw new HttpRequestException($"{Shown} did not answer within {_http.Timeout.TotalSeconds:0} s", error);
        }
        catch (HttpRequestException error)
        {
            throw new HttpRequestException($"{Shown}: {error.Message}", error);
        }
        using (answer)
        {
            if (answer.IsSuccessStatusCode)
            {
                return;
            }
            var said = $"{Shown} answered {(int)answer.StatusCode}";
            if (answer.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.UnprocessableEntity)
            {
                throw new AlertRefusedException(said);
            }
            throw new HttpRequestException(said, null, answer.StatusCode);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();
}
